import { startNode, type TestProcess } from './processes.js';

/** A process of the service, and where its listeners are. */
export type Serving = { process: TestProcess; receiver: string; api: string };

/** Starts the service with these settings, on ports of its own choice, and waits until it serves. */
export async function serve(env: Record<string, string>): Promise<Serving> {
  const process = startNode(['dist/main.js'], { env });
  const [line] = await process.says(/.*service\.started.*/);
  const { receiverPort, apiPort } = JSON.parse(line) as { receiverPort: number; apiPort: number };
  return {
    process,
    receiver: `http://127.0.0.1:${String(receiverPort)}`,
    api: `http://127.0.0.1:${String(apiPort)}`,
  };
}

export async function stop({ process }: Serving): Promise<void> {
  process.kill('SIGTERM');
  await process.ended;
}
