import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestTip, pathTo, type BranchNode } from './branch.ts';

const node = (id: string, parent: string | null, of: Partial<BranchNode> = {}): BranchNode => ({
  id,
  parent,
  number: of.number ?? id.length,
  digest: of.digest ?? id,
  committer: 'm',
  privileged: false,
  senders: [],
  ...of,
});
const root = node('r', null);

describe('which branch everybody takes', () => {
  test.each<readonly [string, readonly BranchNode[], string]>([
    ['the longer one', [node('a', 'r', { privileged: true }), node('b', 'r'), node('bb', 'b')], 'bb'],
    [
      'one in use over one that is longer by one',
      [node('a', 'r', { senders: ['x', 'y'] }), node('b', 'r'), node('bb', 'b')],
      'a',
    ],
    [
      'not over one that is longer by two',
      [node('a', 'r', { senders: ['x', 'y'] }), node('b', 'r'), node('bb', 'b'), node('bbb', 'bb')],
      'bbb',
    ],
    [
      'one person alone is no quorum, and counts in a draw, before all that follows',
      [node('a', 'r', { senders: ['x'] }), node('b', 'r', { privileged: true, committer: 'a' })],
      'a',
    ],
    [
      'what only admins may do',
      [node('a', 'r', { committer: 'a' }), node('b', 'r', { privileged: true })],
      'b',
    ],
    ['the lower committer', [node('a', 'r', { committer: 'n' }), node('b', 'r', { digest: 'z' })], 'b'],
    [
      'where I was removed, and the others talk on',
      [node('a', 'r', { beyond: 3 }), node('b', 'r', { senders: ['x', 'y'] }), node('bb', 'b')],
      'a',
    ],
    ['the lower digest', [node('a', 'r', { digest: '2' }), node('b', 'r', { digest: '1' })], 'b'],
    [
      'many messages of one person weigh no more than one',
      [node('a', 'r', { senders: ['x', 'x', 'x'] }), node('b', 'r', { senders: ['y', 'z'] })],
      'b',
    ],
  ])('%s', (_what, nodes, winner) => {
    for (const current of ['r', 'a', 'b']) expect(bestTip([root, ...nodes], current).id).toBe(winner);
  });

  test('a branch whose fork is kept no more is not looked at', () => {
    const nodes = [node('a', 'gone'), node('b', 'gone'), node('bb', 'b')];
    expect(bestTip(nodes, 'a').id).toBe('a');
    expect(bestTip(nodes, 'b').id).toBe('bb');
  });

  test('the same for all, in whatever order it came and wherever one stands', () => {
    const tree = fc
      .array(
        fc.record({
          under: fc.nat(),
          privileged: fc.boolean(),
          committer: fc.constantFrom('a', 'b', 'c'),
          senders: fc.subarray(['x', 'y', 'z']),
        }),
        { minLength: 1, maxLength: 9 },
      )
      .map((made) => {
        const nodes: BranchNode[] = [root];
        made.forEach(({ under, ...of }, n) => {
          const parent = nodes[under % nodes.length] ?? root;
          nodes.push(node(`${n}`, parent.id, { ...of, number: parent.number + 1 }));
        });
        return nodes;
      });
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(), (nodes, at, seed) => {
        const current = nodes[at % nodes.length] ?? root;
        const shuffled = nodes.toSorted(
          (a, b) => ((a.digest.length * 31 + seed) % 7) - ((b.number * 17 + seed) % 5),
        );
        const best = bestTip(nodes, 'r');
        expect(bestTip(shuffled, current.id)).toEqual(best);
        expect(nodes.some(({ parent }) => parent === best.id)).toBe(false);
        expect(pathTo(nodes, best.id).has('r')).toBe(true);
      }),
    );
  });
});
