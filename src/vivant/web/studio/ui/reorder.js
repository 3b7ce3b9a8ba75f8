// Rows of a list, moved by hand.

/**
 * Follow a pointer that took hold of a row's grip, and call `moveTo` with the place above which it
 * hangs; `placeOf` tells where the row is now.
 */
export function dragRow(event, { grip, item }, { placeOf, moveTo }) {
  if (event.button !== 0) return;
  grip.setPointerCapture(event.pointerId);
  item.classList.add("held");
  const move = ({ clientY }) => {
    const rows = [...item.parentElement.children];
    const over = rows.findIndex((other) => {
      const { top, bottom } = other.getBoundingClientRect();
      return other !== item && clientY > top && clientY < bottom;
    });
    if (over < 0) return;
    const { top, height } = rows[over].getBoundingClientRect();
    const middle = top + height / 2;
    if (over > placeOf() ? clientY > middle : clientY < middle) moveTo(over);
  };
  const end = () => {
    item.classList.remove("held");
    grip.removeEventListener("pointermove", move);
  };
  grip.addEventListener("pointermove", move);
  grip.addEventListener("lostpointercapture", end, { once: true });
}
