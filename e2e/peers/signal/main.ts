// Entry of the server's own process: says where it listens, answers calls, ends with its driver.
import type { Answer, Call } from './protocol.ts';
import { startMock } from './server.ts';

const tell = (answer: Answer): void => void process.send?.(answer);
// The mock asserts that a connection is still there when it has written to it; one that was cut meanwhile is no reason to end.
process.on('unhandledRejection', () => undefined);
const server = await startMock();
process.on('message', (call: Call) => {
  const run = server.serve[call.name] as (args: unknown) => Promise<unknown>;
  // Not awaited: a call that waits for a message must not hold up the call that sends it.
  run(call.args).then(
    (value) => tell({ kind: 'answer', id: call.id, value }),
    (error: unknown) =>
      tell({ kind: 'failure', id: call.id, why: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => void server.stop().finally(() => process.exit(0)));
tell({ kind: 'ready', environment: server.environment });
