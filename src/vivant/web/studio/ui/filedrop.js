// Files that are dropped or pasted anywhere on the page go to the part of it that takes them.

/** Give `take` each file that comes while `element` is to be seen; it has the class `over` while
 * a file hangs above the page. */
export function takeFiles(element, take) {
  const seen = () => element.offsetParent !== null;
  const over = (is) => element.classList.toggle("over", is);
  const carries = (event) => seen() && event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    over(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) over(false); // it left the window
  });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault(); // the browser would open it in place of the studio
    over(false);
    take(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (file && seen()) take(file);
  });
}
