import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { createAuthority } from '../certificate.ts';
import { CallLine, createController, StartLine } from './control.ts';
import { startRelay } from './relay.ts';

/**
 * The relay as a process: options as the first line on stdin, where it listens as the first line on stdout, then calls
 * and answers (see control.ts). Ends when stdin closes. By hand: `(echo '{}'; cat) | node e2e/peers/nostr/main.ts`.
 */
async function main(): Promise<void> {
  const print = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  // A driver that is gone reads no answers.
  process.stdout.on('error', () => undefined);
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) return;
  const { flaw, tls = true, limits = {} } = v.parse(StartLine, JSON.parse(first.value));
  const authority = await createAuthority();
  const relay = await startRelay({ limits, ...(tls ? { certificate: await authority.issue(flaw) } : {}) });
  const control = createController(relay, authority);
  print({ url: relay.url, ca: authority.ca });

  for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
    const { id, call } = v.parse(CallLine, JSON.parse(line.value));
    // Not awaited: a call that waits for an event must not hold up the call that brings it.
    control(call).then(
      (value) => print({ kind: 'answer', id, value }),
      (error: unknown) =>
        print({ kind: 'failure', id, why: error instanceof Error ? error.message : String(error) }),
    );
  }
  await relay.stop();
}

await main();
// A call may still be waiting, for an event that never came.
process.exit(0);
