// npm run report:verify -- FILE [NUMBER]: whether a report that Plainseal wrote is as it was made, and what that proves. For whoever gets one.
// Ends with 0 when it is as it was made (and has the number, where one is given), 1 when not, 2 when it could not be looked at.
import { readFileSync, statSync } from 'node:fs';
import type { ReportContents } from '../shared/contract/report.ts';
import { verifyReport } from '../worker/core/report/pack.ts';

/** Far more than fifty messages are. */
const MAX_BYTES = 64 * 1024 * 1024;

type Verdict = { readonly code: 0 | 1; readonly lines: readonly string[] };

/** Text of others between quotes: one line, and nothing that moves, hides or turns what stands beside it. */
const quoted = (text: string): string =>
  JSON.stringify(text).replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (sign) => `\\u{${sign.codePointAt(0)?.toString(16) ?? ''}}`,
  );
const time = (at: number): string =>
  Number.isSafeInteger(at) && Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : 'no time';

/** What is to be said of a file. @param number the report's number as its maker told it in another way; null where nobody did. */
export function verdictOn(file: Uint8Array, number: string | null): Verdict {
  const found = verifyReport(file);
  if (found === null)
    return {
      code: 1,
      lines: ['This is no report, or it was changed after it was made. Rely on nothing in it.'],
    };
  const told = number?.replaceAll(/\s/gu, '').toLowerCase() ?? null;
  if (told !== null && told !== found)
    return {
      code: 1,
      lines: [
        'This is a report, but not the one with that number: another was made, or this one was made anew.',
        `Its number:  ${found}`,
        `You gave:    ${quoted(told)}`,
      ],
    };
  const { contents } = JSON.parse(new TextDecoder().decode(file)) as { readonly contents: ReportContents };
  const { network, protocol, testNetwork, reported, messages } = contents;
  return {
    code: 0,
    lines: [
      'This report is as it was made, byte by byte.',
      `Its number:  ${found}`,
      `Network:     ${quoted(network)}, ${quoted(protocol)}${testNetwork ? ' (a test network)' : ''}`,
      `Reported:    ${quoted(reported.address ?? reported.id)}`,
      `Their key:   ${reported.fingerprint === null ? 'none' : quoted(reported.fingerprint)}`,
      ...messages.flatMap(({ text, sentAt, receivedAt, files, proof }) => [
        `- sent ${time(sentAt)} by their clock, came ${time(receivedAt)}, known by: ${quoted(proof)}`,
        `  ${quoted(text)}`,
        ...files.map(({ name, size }) => `  file ${quoted(name)}, ${size} bytes`),
      ]),
      '',
      'What this proves',
      told === null
        ? '- That the file holds together. Ask its maker for the number in another way, and give it here: then nothing was changed since.'
        : '- Nothing was changed since whoever gave you the number made it.',
      'What it does not prove',
      '- Who made it.',
      '- That the reported person wrote it: whoever has Plainseal can make a report that says anything.',
      '- That nothing was left out.',
    ],
  };
}

/** Runs the command. @returns its exit code. */
export function run(args: readonly string[], print: (line: string) => void): 0 | 1 | 2 {
  const [path, number = null, ...more] = args;
  if (path === undefined || more.length > 0) {
    print('Say: npm run report:verify -- FILE [NUMBER]');
    return 2;
  }
  let file: Uint8Array;
  try {
    if (statSync(path).size > MAX_BYTES) {
      print('The file is too large to be a report.');
      return 1;
    }
    file = readFileSync(path);
  } catch {
    print('The file cannot be read.');
    return 2;
  }
  const { code, lines } = verdictOn(file, number);
  for (const line of lines) print(line);
  return code;
}

if (import.meta.main) process.exitCode = run(process.argv.slice(2), (line) => console.log(line));
