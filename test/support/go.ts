function go(): string | null {
  return process.env['LEDGER_TEST_GO'] || null;
}

/** Without Go these tests do not run; the run has said so in one of its first lines. */
export const itWithGo = go() === null ? it.skip : it;

export function goCommand(): string {
  const found = go();
  if (found === null) throw new Error('There is no Go here: put the test into itWithGo.');
  return found;
}
