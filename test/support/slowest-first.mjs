import Sequencer from '@jest/test-sequencer';

/** By folder, the slowest kind of test first: one that begins last is waited for alone. */
const FOLDERS = ['/test/scenarios/', '/test/integration/', '/test/'];

const rank = ({ path }) => FOLDERS.findIndex((folder) => path.includes(folder));

export default class SlowestFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
  }
}
