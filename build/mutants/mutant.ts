import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../step.ts';

/** `code` at `at` in the source of `file` becomes `instead`. */
export type Mutant = {
  readonly file: string;
  readonly at: number;
  readonly code: string;
  readonly instead: string;
};

/** Faults, and the tests that must find each. */
export type Mutants = {
  readonly name: string;
  readonly tests: readonly string[];
  readonly mutants: readonly Mutant[];
};

export const sourceOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** A line that becomes another, or nothing. @throws Error unless it stands once in its file. */
export function without(file: string, code: string, instead = ''): Mutant {
  const source = sourceOf(file);
  if (source.split(code).length !== 2) throw new Error(`stands not once in ${file}: ${code}`);
  return { file, at: source.indexOf(code), code, instead };
}
