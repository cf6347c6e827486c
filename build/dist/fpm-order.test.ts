import { describe, expect, it } from 'vitest';
import { readFpmArguments } from './fpm-order.ts';

describe('the stand-in for fpm', () => {
  it('reads what electron-builder asks for', () => {
    const given = [
      '-s',
      'dir',
      '--force',
      '-t',
      'deb',
      '-d',
      'a',
      '-d',
      'b | c',
      '--deb-recommends',
      'd',
      '--name',
      'plainseal',
      '/from/=/opt/x',
    ];
    expect(readFpmArguments(given)).toEqual({
      values: new Map([
        ['input', 'dir'],
        ['output', 'deb'],
        ['name', 'plainseal'],
      ]),
      depends: ['a', 'b | c'],
      recommends: ['d'],
      files: [['/from/', '/opt/x']],
    });
  });
  it.each([[['-s', 'dir', '-t', 'rpm']], [['-t', 'deb', '-s']], [['-s', 'dir', '-t', 'deb', 'stray']], [[]]])(
    'refuses %j',
    (given) => {
      expect(() => readFpmArguments(given)).toThrow('fpm');
    },
  );
});
