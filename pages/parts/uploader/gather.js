/** From a drop or a file dialog to a flat list of files with the names that they have below what was chosen. */

/** @typedef {{name: string, file: File}} Picked */

// what operating systems leave in folders
const LITTER = /(^|\/)(\.[^/]+|Thumbs\.db|desktop\.ini|__MACOSX)(\/|$)/i;

/**
 * @param {DataTransfer} transfer
 * @returns {Promise<Picked[]>}
 */
export async function fromDrop(transfer) {
  // entries must be taken before the first wait: the list is empty afterwards
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const loose = [...transfer.files];
  /** @type {Picked[]} */
  const found = [];
  if (entries.some(Boolean)) for (const entry of entries) await walk(entry, found);
  else for (const file of loose) found.push({ name: file.name, file });
  return clean(found);
}

/**
 * @param {FileList | null} list
 * @returns {Picked[]}
 */
export function fromInput(list) {
  return clean([...(list ?? [])].map((file) => ({ name: file.webkitRelativePath || file.name, file })));
}

/**
 * @param {FileSystemEntry | null} entry
 * @param {Picked[]} found
 */
async function walk(entry, found) {
  if (entry === null) return;
  const name = entry.fullPath.replace(/^\//, "");
  if (LITTER.test(name)) return;
  if (entry.isFile) {
    const one = /** @type {FileSystemFileEntry} */ (entry);
    const file = await new Promise((resolve, reject) => one.file(resolve, reject));
    found.push({ name, file });
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    // a hundred at a time, until there are none
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const each of some) await walk(each, found);
  }
}

/** @param {Picked[]} picked */
function clean(picked) {
  return picked
    .filter(({ name }) => !LITTER.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
}
