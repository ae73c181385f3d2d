// A gateway token and its digest, as `gateway new-token` makes them. Browsers have SHA-256 of their own with TLS only, and the gateway may be called without.

const primes = Array.from({ length: 312 }, (_, n) => n).filter(n => n > 1 && Array.from({ length: n - 2 }, (_, k) => k + 2).every(k => n % k > 0));
/** The first 32 bits of the fraction. */
const fraction = number => ((number % 1) * 2 ** 32) | 0;
const constants = primes.map(prime => fraction(Math.cbrt(prime)));
const turn = (word, by) => (word >>> by) | (word << (32 - by));

/** SHA-256 of a text of ASCII characters, in hexadecimal digits (FIPS 180-4). */
function sha256(text) {
  const bytes = [...text].map(letter => letter.charCodeAt(0));
  const length = Math.ceil((bytes.length + 9) / 64) * 64;
  const padded = new Uint8Array(length);
  padded.set([...bytes, 0x80]);
  const view = new DataView(padded.buffer);
  view.setUint32(length - 4, bytes.length * 8);
  const state = primes.slice(0, 8).map(prime => fraction(Math.sqrt(prime)));
  for (let block = 0; block < length; block += 64) mix(state, view, block);
  return state.map(word => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function mix(state, view, block) {
  const words = Array.from({ length: 16 }, (_, n) => view.getInt32(block + 4 * n));
  let [a, b, c, d, e, f, g, h] = state;
  for (let n = 0; n < 64; n++) {
    if (n > 15) {
      const [x, y] = [words[n - 15], words[n - 2]];
      words[n] = (words[n - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + words[n - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10))) | 0;
    }
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + constants[n] + words[n]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, n) => (state[n] = (state[n] + word) | 0));
}

export function makeToken() {
  const random = crypto.getRandomValues(new Uint8Array(32));
  const token = 'lgw_' + btoa(String.fromCharCode(...random)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return { token, digest: `sha256:${sha256(token)}` };
}
