/**
 * Licences whose works may be part of, or lie beside, a program under AGPL-3.0-only (gnu.org/licenses/license-list,
 * GPLv3 §13). The two without code of their own are for fonts and texts that are only carried along.
 */
const compatible: ReadonlySet<string> = new Set([
  '0BSD',
  'AGPL-3.0-only',
  'AGPL-3.0-or-later',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'GPL-3.0-only',
  'GPL-3.0-or-later',
  'ISC',
  'LGPL-3.0-only',
  'LGPL-3.0-or-later',
  'MIT',
  'MIT-0',
  'MPL-2.0',
  'OFL-1.1',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);
/** Names from before SPDX 3, which packages still state. */
const older: Readonly<Record<string, string>> = {
  'LGPL-3.0+': 'LGPL-3.0-or-later',
  'GPL-3.0+': 'GPL-3.0-or-later',
};

/**
 * Whether what is under an SPDX expression may travel in this program: one side of an OR is enough, both of an AND are
 * needed. What cannot be read, or states nothing, may not.
 */
export function isCompatible(expression: string | null): boolean {
  if (expression === null) return false;
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const primary = (): boolean => {
    const token = tokens[at++];
    if (token === undefined || token === ')' || token === 'AND' || token === 'OR')
      throw new Error('no licence');
    if (token !== '(') return compatible.has(older[token] ?? token);
    const inner = either();
    if (tokens[at++] !== ')') throw new Error('not closed');
    return inner;
  };
  const both = (): boolean => {
    let all = primary();
    while (tokens[at] === 'AND') {
      at += 1;
      all = primary() && all;
    }
    return all;
  };
  const either = (): boolean => {
    let any = both();
    while (tokens[at] === 'OR') {
      at += 1;
      any = both() || any;
    }
    return any;
  };
  try {
    const fits = either();
    return fits && at === tokens.length;
  } catch {
    return false;
  }
}
