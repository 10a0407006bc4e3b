/** Files dragged onto the page, wherever they are let go. */

/**
 * `isOn()` says whether files are welcome now; where they are not, the browser does with them what it always does.
 * `onDrag(over)` is told that files are held over the page, or not any more; `onDrop({files, folders})` which were let
 * go, with the number of folders that were among them.
 */
export function acceptFiles({ isOn, onDrag, onDrop }) {
  const welcome = (event) => isOn() && event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => welcome(event) && onDrag(true));
  addEventListener("dragover", (event) => {
    if (!welcome(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("dragleave", (event) => {
    // Only the edge of the window leads nowhere.
    if (event.relatedTarget === null) onDrag(false);
  });
  addEventListener("drop", (event) => {
    onDrag(false);
    if (!welcome(event)) return;
    event.preventDefault();
    onDrop(sorted(event.dataTransfer));
  });
}

/** A folder comes as a file that cannot be read: tell them apart. */
function sorted({ items, files }) {
  const isFolder = Array.from(items, (item) => item.webkitGetAsEntry?.()?.isDirectory ?? false);
  return { files: Array.from(files).filter((_, at) => !isFolder[at]), folders: isFolder.filter(Boolean).length };
}
