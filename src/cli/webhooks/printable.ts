/** Text of others on a terminal: without characters that would move the cursor or begin a command of it. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\uFFFD');
}
