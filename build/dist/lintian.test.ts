import { expect, it } from 'vitest';
import { readLintian } from './lintian.ts';

it('keeps what is accepted apart from what is not', () => {
  const output = [
    'running with root privileges is not recommended!',
    'E: plainseal: dir-or-file-in-opt [opt/Plainseal/]',
    'E: plainseal: dir-or-file-in-opt [opt/Plainseal/resources/]',
    'W: plainseal: no-manual-page [usr/bin/plainseal]',
    'E: plainseal: toString',
    '',
  ].join('\n');
  expect(readLintian(output)).toEqual({
    accepted: 2,
    complaints: ['W: plainseal: no-manual-page [usr/bin/plainseal]', 'E: plainseal: toString'],
  });
  expect(readLintian('')).toEqual({ accepted: 0, complaints: [] });
});
