import { expect, it } from 'vitest';
import { unfilled } from './identity.ts';

it('is not whole while a part of it stands under .example', () => {
  const filled = {
    id: 'org.somebody.Plainseal',
    homepage: 'https://plainseal.somebody.org',
    maintainer: 'Somebody <a@somebody.org>',
  };
  expect(unfilled(filled)).toEqual([]);
  expect(unfilled({ ...filled, id: 'example.plainseal.Plainseal' })).toEqual(['id']);
  expect(unfilled({ ...filled, homepage: 'https://plainseal.example/x' })).toEqual(['homepage']);
  expect(unfilled({ ...filled, maintainer: 'Somebody <a@plainseal.example>' })).toEqual(['maintainer']);
});
