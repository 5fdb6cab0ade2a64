import { spawn } from 'node:child_process';

/**
 * A killed test run must not leave servers behind. The guard's input is a pipe from this process,
 * which the kernel closes however the process ends; then the guard ends what is still running and
 * removes the folder.
 */
const SCRIPT = `
read -r nothing
for pid in $(head -qn1 "$1/postgres/cluster/postmaster.pid" "$1/redis.pid" 2> /dev/null); do
  kill -INT "$pid"
  while kill -0 "$pid" 2> /dev/null; do sleep 0.1; done
done
rm -rf "$1"
`;

export function startGuard(folder) {
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'recording-ledger-test-guard', folder], {
    // In a session of its own, or Ctrl-C would end it before it can do its work.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  guard.stdin.unref();
  const dismiss = () => {
    guard.kill('SIGKILL');
    guard.stdin.destroy();
  };
  return { dismiss };
}
