/**
 * Loaded before the program (`node --import`), sends the process the signal of Ctrl-C at an exact moment: when files
 * whose path matches STOP_AT_FILE have been written STOP_AT_COUNT times, or when it says STOP_AT_TEXT on stderr.
 * A test that watches from outside may look too late: a small run ends within a few hundredths of a second.
 */
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { STOP_AT_FILE, STOP_AT_COUNT = '1', STOP_AT_TEXT } = process.env;
let left = Number(STOP_AT_COUNT);

function seen() {
  left--;
  if (left === 0) process.kill(process.pid, 'SIGINT');
}

if (STOP_AT_FILE !== undefined) {
  const pattern = new RegExp(STOP_AT_FILE);
  const { rename } = promises;
  promises.rename = async (from, to) => {
    await rename(from, to);
    if (pattern.test(String(to))) seen();
  };
  syncBuiltinESMExports();
}
if (STOP_AT_TEXT !== undefined) {
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text, ...rest) => {
    if (String(text).includes(STOP_AT_TEXT)) seen();
    return write(text, ...rest);
  };
}
