import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { LIBRARY_VERSION } from '../crypto/mls/facts.ts';
import { openpgpFacts } from '../crypto/openpgp/facts.ts';
import { sessionFacts } from '../crypto/signal/facts.ts';
import { networks } from '../shared/ids.ts';
import { en } from '../shared/words/en.ts';
import data from './facts.json' with { type: 'json' };
import { elsewhere, factsSchema, lookers, reasons, sights, whatRows } from '../shared/label/network-facts.ts';

const networkFacts = v.parse(factsSchema, data);
const signalFacts = sessionFacts({ proven: 'nothing', turnedAt: 0 }, 0);

describe('networks/facts.json', () => {
  it('has a row for everything there is to be seen, once, on each route', () => {
    for (const route of networkFacts.routes)
      expect(
        route.rows.map((row) => row.what),
        `${route.network} ${route.protocol}`,
      ).toEqual([...whatRows]);
    const names = networkFacts.routes.map((route) => `${route.network} ${route.protocol}`);
    expect(names).toEqual(['email openpgp', 'email none', 'signal signal', 'nostr mls']);
  });

  it('is dated: no row is newer than the page says', () => {
    for (const route of networkFacts.routes)
      for (const row of route.rows)
        expect(row.asOf <= networkFacts.asOf, `${row.what} ${row.asOf}`).toBe(true);
  });

  it('says every row, column, cell and note in words', () => {
    const ids = [
      ...whatRows.map((what) => `facts.what.${what}`),
      ...lookers.flatMap((who) =>
        who === 'operator' || who === 'servers'
          ? networks.map((network) => `facts.who.${who}.${network}`)
          : [`facts.who.${who}`],
      ),
      ...sights.map((sight) => `facts.sees.${sight}`),
      ...networkFacts.routes.flatMap((route) => route.rows.map((row) => row.note)),
      ...networkFacts.everywhere.map(({ note }) => note),
    ];
    for (const id of ids) expect(en).toHaveProperty([id]);
  });

  it('says of each network once whether a program like this one is wanted there', () => {
    const spoken = [...new Set(networkFacts.routes.map(({ network }) => network))];
    expect(networkFacts.permissions.map(({ network }) => network)).toEqual(spoken);
    for (const { note, asOf } of networkFacts.permissions) {
      expect(en).toHaveProperty([note]);
      expect(asOf <= networkFacts.asOf).toBe(true);
    }
  });

  it('says of each network once to whom somebody is reported', () => {
    expect(networkFacts.reporting.map(({ network }) => network)).toEqual(['email', 'signal', 'nostr']);
    for (const { note, asOf } of networkFacts.reporting) {
      expect(en).toHaveProperty([note]);
      expect(asOf <= networkFacts.asOf).toBe(true);
    }
  });

  it('says of every network that cannot be reached why, dated and once', () => {
    expect(networkFacts.unreachable.map(({ id }) => id)).toEqual([...elsewhere]);
    for (const { id, is, asOf } of networkFacts.unreachable) {
      expect(en).toHaveProperty([`elsewhere.${id}`]);
      expect(en).toHaveProperty([`elsewhere.${id}.why`]);
      expect(reasons).toContain(is);
      expect(asOf <= networkFacts.asOf).toBe(true);
    }
  });

  it('agrees with the label: only what is end to end is closed to servers', () => {
    for (const { protocol, rows } of networkFacts.routes) {
      const content = rows.find((row) => row.what === 'content');
      const closed = [content?.sees.operator, content?.sees.servers].every(
        (sight) => sight === 'no' || sight === 'absent',
      );
      expect(closed).toBe(protocol !== 'none');
    }
  });

  it('we run no servers, so we see nothing', () => {
    for (const route of networkFacts.routes) for (const row of route.rows) expect(row.sees.us).toBe('no');
  });

  it('names every library once, in the version that runs', () => {
    const names = networkFacts.libraries.map(({ name }) => name);
    const said = [openpgpFacts({ asOf: 0, by: 'message', authenticated: true, exposed: [] }), signalFacts];
    for (const { engine } of said)
      expect(engine === 'unknown' ? null : networkFacts.libraries.map((each) => each.engine)).toContain(
        engine === 'unknown' ? '' : engine.is.name,
      );
    expect(names).toEqual(['openpgp', '@signalapp/libsignal-client', 'ts-mls']);
    for (const { name, version } of networkFacts.libraries) {
      const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ name, version });
    }
  });

  it('says what was reviewed where an engine says that it was', () => {
    const { engine } = signalFacts;
    const libsignal = networkFacts.libraries.find(({ name }) => name === '@signalapp/libsignal-client');
    expect(engine).toMatchObject({ is: { review: 'audited', version: libsignal?.version } });
    expect(libsignal?.reviewedVersion).toMatch(/^parts of/);
    expect(libsignal?.note).toContain('No public audit of the whole library is known');
    const mls = networkFacts.libraries.find(({ name }) => name === 'ts-mls');
    expect(mls).toMatchObject({ version: LIBRARY_VERSION, reviewedVersion: 'none' });
  });

  it.each([
    ['no source', (copy: typeof data) => copy.routes[0]?.rows[0]?.sources.splice(0)],
    ['no such day', (copy: typeof data) => void Object.assign(copy, { asOf: '2026-02-30' })],
    [
      'a sight nobody knows',
      (copy: typeof data) => void Object.assign(copy.routes[0]?.rows[0]?.sees ?? {}, { us: 'maybe' }),
    ],
    [
      'a column too many',
      (copy: typeof data) => void Object.assign(copy.routes[0]?.rows[0]?.sees ?? {}, { them: 'no' }),
    ],
    [
      'a network nobody knows',
      (copy: typeof data) => void Object.assign(copy.routes[0] ?? {}, { network: 'pigeon' }),
    ],
  ])('refuses %s', (_, spoil) => {
    const copy = structuredClone(data);
    spoil(copy);
    expect(v.safeParse(factsSchema, copy).success).toBe(false);
    expect(v.safeParse(factsSchema, data).success).toBe(true);
  });
});
