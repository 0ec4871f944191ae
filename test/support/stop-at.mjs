/**
 * Loaded before the program (`node --import`), sends the process a signal at an exact moment: when files whose path
 * matches STOP_AT_FILE have come under their names STOP_AT_COUNT times, or are whole and about to (STOP_AT_BEFORE), or
 * when it says STOP_AT_TEXT on stderr. `stop-at.ts` sets these.
 * A test that watches from outside may look too late: a small run ends within a few hundredths of a second.
 */
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { STOP_AT_FILE, STOP_AT_BEFORE, STOP_AT_TEXT, STOP_AT_COUNT, STOP_AT_SIGNAL } = process.env;
let left = Number(STOP_AT_COUNT);

function seen() {
  left--;
  if (left === 0) process.kill(process.pid, STOP_AT_SIGNAL);
}

if (STOP_AT_FILE !== undefined) {
  const pattern = new RegExp(STOP_AT_FILE);
  const { rename } = promises;
  promises.rename = async (from, to) => {
    const isMeant = pattern.test(String(to));
    if (isMeant && STOP_AT_BEFORE) seen();
    await rename(from, to);
    if (isMeant && !STOP_AT_BEFORE) seen();
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
