import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

/** What `read` gives for options and the texts of `usage`. */
type Values<T extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ readonly options: T }>
>['values'];

/**
 * The options a command of ours was called with. `--help` prints `usage` and ends it well; an option it does not have, and a missing
 * value, are named and end it with 2.
 */
export function readOptions<T extends ParseArgsOptionsConfig>(usage: string, options: T): Values<T> {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } });
    if ('help' in values && values.help === true) {
      console.log(usage);
      process.exit(0);
    }
    return values as Values<T>;
  } catch (error) {
    console.error(`${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}\n${usage}`);
    process.exit(2);
  }
}
