import { describe, expect, it } from 'vitest';
import { faults, formatTable, type Expected, type Row } from './table.ts';

const row: Row = {
  contact: 'Alice',
  network: 'Test network · E-mail',
  protocol: 'OpenPGP',
  readers: 'Private, with limits.',
  identity: 'Checked with a code on 1 May.',
  sent: 12.4,
  accepted: 180,
  answered: null,
};
const expected: Expected = {
  listed: /Alice/,
  contact: 'Alice',
  network: 'Test network · E-mail',
  protocol: 'OpenPGP',
  readers: /^Private, with limits/,
  identity: /^Checked/,
  sent: true,
  accepted: true,
  answered: false,
};

describe('the table of the demo', () => {
  it('is content with what it expects', () => {
    expect(faults(row, expected)).toEqual([]);
  });

  it.each([
    ['contact', undefined, 'no row'],
    ['name', { ...row, contact: 'Al1ce' }, 'contact is “Al1ce”'],
    ['network', { ...row, network: 'E-mail' }, 'network is “E-mail”'],
    ['protocol', { ...row, protocol: '' }, 'protocol is “”'],
    ['readers', { ...row, readers: 'Only you' }, 'who can read it is “Only you”'],
    ['identity', { ...row, identity: 'Not checked yet.' }, 'is it really them is “Not checked yet.”'],
    ['sent', { ...row, sent: null }, 'sent is “—”'],
    ['accepted', { ...row, accepted: null }, 'accepted is “—”'],
    ['answered', { ...row, answered: 3 }, 'answered is “3”'],
  ])('names a wrong %s', (_, given, fault) => {
    expect(faults(given, expected).join()).toContain(fault);
  });

  it('prints times in whole milliseconds and a dash where nothing came', () => {
    expect(formatTable([row]).split('\n')[2]).toBe(
      'Alice    Test network · E-mail  OpenPGP   Private, with limits.  Checked with a code on 1 May.  12 / 180 / — ms',
    );
  });
});
