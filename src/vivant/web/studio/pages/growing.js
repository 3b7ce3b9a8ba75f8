// Panels as they grow: what a job of a story tells goes onto the cards and the page.

/**
 * Show the news of a job on the script desk and the page sheet. The job's note says what it draws:
 * {kind: "all", ids} every card, or {kind: "one", ids, at} the card of one panel; and its `steps`.
 */
export function showGrowing(job, desk, sheet) {
  const { kind, ids, at, steps } = job.note;
  const cardOf = (index) => ids[kind === "all" ? index : 0];
  const done = new Map();
  job.addEventListener("progress", ({ detail }) => {
    for (const index of detail.panels) {
      if (kind === "one" && index !== at) continue;
      done.set(index, (done.get(index) ?? 0) + 1);
      desk.list.growing(cardOf(index), { share: Math.min(done.get(index) / steps, 0.99) });
    }
  });
  job.addEventListener("picture", ({ detail: { kind: shown, index, preview } }) => {
    if (shown === "panel") desk.list.growing(cardOf(index), { preview, share: 1 });
    else if (index === 0) sheet.pages = [preview];
  });
  job.addEventListener("over", () => desk.list.settle());
}
