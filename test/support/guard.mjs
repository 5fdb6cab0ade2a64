import { spawn } from 'node:child_process';

/**
 * A killed test run must not leave servers behind. The guard's input is a pipe from this process,
 * which the kernel closes however the process ends; then the guard ends the processes and servers
 * that have left their number in the folder, and removes it.
 */
const SCRIPT = `
read -r nothing
kill -KILL $(cat "$1"/process-*.pid)
find "$1" \\( -name postmaster.pid -o -name redis.pid \\) -exec head -n 1 {} ';' > "$1/pids"
kill -INT $(cat "$1/pids")
for look in $(seq 100); do
  kill -0 $(cat "$1/pids") || break
  sleep 0.1
done
rm -rf "$1"
`;

export function startGuard(folder) {
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'recording-ledger-test-guard', folder], {
    // In a session of its own, or Ctrl-C would end it before it can do its work.
    detached: true,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
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
