import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

/** What `parseArgs` gives for options. */
type Values<T extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

/**
 * The options a command of ours was called with. `--help` prints `usage` and ends it well; an option it does not have, and a missing
 * value, are named and end it with 2.
 */
export function readOptions<T extends ParseArgsOptionsConfig>(usage: string, options: T): Values<T> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs<{ options: T }>({ options }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}\n${usage}`);
    process.exit(2);
  }
}
