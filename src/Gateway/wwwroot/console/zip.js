// A ZIP archive of files that are compressed already: stored as they are, written in the browser.

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

function checksum(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

/** Little-endian numbers, each `[value, bytes]`. */
function numbers(...parts) {
  const made = new Uint8Array(parts.reduce((sum, [, size]) => sum + size, 0));
  let at = 0;
  for (const [value, size] of parts) for (let n = 0; n < size; n++) made[at++] = (value >>> (8 * n)) & 0xff;
  return made;
}

/** @param files `[name, Blob]`; the names differ. */
export async function zip(files, at = new Date()) {
  const time = (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1);
  const day = ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate();
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, blob] of files) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const named = new TextEncoder().encode(name);
    // Version 2.0, names in UTF-8, stored.
    const entry = numbers([20, 2], [0x0800, 2], [0, 2], [time, 2], [day, 2], [checksum(bytes), 4], [bytes.length, 4], [bytes.length, 4], [named.length, 2], [0, 2]);
    parts.push(numbers([0x04034b50, 4]), entry, named, bytes);
    directory.push(numbers([0x02014b50, 4], [20, 2]), entry, numbers([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), named);
    offset += 4 + entry.length + named.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = numbers([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [offset, 4], [0, 2]);
  return new Blob([...parts, ...directory, end], { type: 'application/zip' });
}
