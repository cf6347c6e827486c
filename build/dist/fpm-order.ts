/** What fpm is asked for (fpm.readthedocs.io). `files`: where each comes from and goes to. */
export type FpmOrder = {
  readonly values: ReadonlyMap<string, string>;
  readonly depends: readonly string[];
  readonly recommends: readonly string[];
  readonly files: readonly (readonly [from: string, to: string])[];
};

const short: Readonly<Record<string, string>> = { '-s': 'input', '-t': 'output', '-d': 'depends' };

/**
 * Reads fpm's command line as electron-builder writes it, for a .deb from folders.
 * @throws Error for anything else.
 */
export function readFpmArguments(given: readonly string[]): FpmOrder {
  const values = new Map<string, string>();
  const depends: string[] = [];
  const recommends: string[] = [];
  const files: (readonly [string, string])[] = [];
  for (let at = 0; at < given.length; at += 1) {
    const argument = given[at] ?? '';
    if (argument === '--force') continue;
    if (!argument.startsWith('-')) {
      const [from, to] = argument.split('=', 2);
      if (!from || !to) throw new Error(`fpm knows no ${argument}`);
      files.push([from, to]);
      continue;
    }
    const name = short[argument] ?? argument.replace(/^--/, '');
    const value = given[(at += 1)];
    if (value === undefined) throw new Error(`fpm: nothing after ${argument}`);
    if (name === 'depends') depends.push(value);
    else if (name === 'deb-recommends') recommends.push(value);
    else values.set(name, value);
  }
  if (values.get('input') !== 'dir' || values.get('output') !== 'deb')
    throw new Error('this stand-in for fpm makes a .deb from folders only');
  return { values, depends, recommends, files };
}
