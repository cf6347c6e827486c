import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { root } from '../step.ts';

const manifest = v.parse(
  v.object({
    name: v.string(),
    version: v.string(),
    description: v.string(),
    license: v.string(),
    dependencies: v.record(v.string(), v.string()),
    devDependencies: v.object({ electron: v.string() }),
  }),
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')),
);

/**
 * Who the program is to an operating system. A maintainer fills in what ends in `.example`, the domain that nobody can own:
 * a release refuses to be made before (`unfilled`). The id can never change afterwards.
 */
export const identity = {
  id: 'example.plainseal.Plainseal',
  product: 'Plainseal',
  executable: manifest.name,
  version: manifest.version,
  licence: manifest.license,
  summary: 'One inbox that says who can read it',
  description: manifest.description,
  homepage: 'https://plainseal.example',
  maintainer: 'The Plainseal maintainers <maintainers@plainseal.example>',
  electron: manifest.devDependencies.electron,
} as const;

/** Direct dependencies of the program. */
export const directDependencies: readonly string[] = Object.keys(manifest.dependencies);

/** The fields only a maintainer can fill in and has not. */
export function unfilled(
  fields: Readonly<Record<'id' | 'homepage' | 'maintainer', string>> = identity,
): readonly string[] {
  const { id, homepage, maintainer } = fields;
  return [
    ...(id.startsWith('example.') ? ['id'] : []),
    ...(new URL(homepage).hostname.endsWith('.example') ? ['homepage'] : []),
    ...(/\.example>?$/.test(maintainer) ? ['maintainer'] : []),
  ];
}
