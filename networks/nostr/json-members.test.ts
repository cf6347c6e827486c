import { expect, test } from 'vitest';
import fc from 'fast-check';
import { jsonMembers } from './json-members.ts';

test('every member comes out with its own text', () => {
  const spaces = fc.constantFrom('', ' ', '\n\t');
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), spaces, (object, space) => {
      const entries = Object.entries(object);
      const text = `${space}{${entries
        .map(
          ([name, value]) =>
            `${space}${JSON.stringify(name)}${space}:${space}${JSON.stringify(value)}${space}`,
        )
        .join(',')}}${space}`;
      expect(jsonMembers(text)).toEqual(
        new Map(entries.map(([name, value]) => [name, JSON.stringify(value)])),
      );
    }),
  );
});

test('a name given twice is refused, however it is spelled', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"\\u0061":3}',
    '{"a":{"x":"}"},"a":[1]}',
    '{ "a" : "\\"" , "a" : 1 }',
  ])
    expect(jsonMembers(text)).toBeNull();
  expect(jsonMembers('{"a":{"b":1,"b":2}}')).toEqual(new Map([['a', '{"b":1,"b":2}']]));
  expect(jsonMembers('{"__proto__":1,"__proto__":2}')).toBeNull();
});

test('what is no object is none, and no text makes it throw', () => {
  for (const text of ['', '[]', 'null', '"{}"', '{', '{"a":}', '1']) expect(jsonMembers(text)).toBeNull();
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from('{}[]",:\\ a1')) }), (text) => {
      const members = jsonMembers(text);
      if (members !== null) expect([...members.keys()]).toEqual(Object.keys(JSON.parse(text) as object));
    }),
    { numRuns: 5_000 },
  );
});
