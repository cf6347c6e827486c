/** An epoch of a group as the choice between branches sees it. */
export interface BranchNode {
  /** The epoch's id; of a commit that removes me, and leads to no epoch of mine, a name of its own. */
  readonly id: string;
  readonly parent: string | null;
  readonly number: number;
  /** SHA-256 over the commit that began it, hex. */
  readonly digest: string;
  /** The account that made that commit, hex. */
  readonly committer: string;
  /** It did what only admins may do. */
  readonly privileged: boolean;
  /** Accounts that have said something in this epoch, as far as they count ({@link QUORUM_SENDERS}). */
  readonly senders: readonly string[];
  /** Commits that are taken to follow, and that I cannot see: I was removed. */
  readonly beyond?: number;
}

/** So many different people who wrote in one epoch are proof that the branch was in use. */
export const QUORUM_SENDERS = 2;
/** What that is worth, in commits: a branch in use beats one that is longer by one and was kept back. */
const QUORUM_DEPTH = 1;

interface Candidate {
  readonly tip: BranchNode;
  /** From the fork to the tip. */
  readonly path: readonly BranchNode[];
}

interface Score {
  readonly depth: number;
  readonly quorum: boolean;
  readonly witnesses: number;
}

function scoreOf({ path }: Candidate): Score {
  const counts = path.map(({ senders }) => Math.min(new Set(senders).size, QUORUM_SENDERS));
  const quorum = counts.includes(QUORUM_SENDERS);
  return {
    depth: path.reduce((sum, { beyond = 0 }) => sum + 1 + beyond, 0) + (quorum ? QUORUM_DEPTH : 0),
    quorum,
    witnesses: counts.reduce((sum, count) => sum + count, 0),
  };
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Below zero when `a` wins (Marmot, protocol-core/convergence.md; MDK 0.9.14, "Branch Selection"). */
function compare(a: Candidate, b: Candidate): number {
  const [left, right] = [scoreOf(a), scoreOf(b)];
  return (
    right.depth - left.depth ||
    Number(right.quorum) - Number(left.quorum) ||
    right.witnesses - left.witnesses ||
    Number(b.tip.privileged) - Number(a.tip.privileged) ||
    byText(a.tip.committer, b.tip.committer) ||
    byText(a.tip.digest, b.tip.digest)
  );
}

/**
 * The tip of the branch that everybody takes, of those that begin where the kept past of `current` does: the same for all who know the same
 * commits and messages, in whatever order they came. A branch whose fork is kept no more is not looked at.
 */
export function bestTip(nodes: readonly BranchNode[], current: string): BranchNode {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  let root = byId.get(current);
  if (root === undefined) throw new Error('no such epoch');
  for (let up = root; up !== undefined;) {
    root = up;
    const above: BranchNode | undefined = up.parent === null ? undefined : byId.get(up.parent);
    if (above === undefined) break;
    up = above;
  }
  const best = (from: BranchNode): Candidate => {
    const children = nodes.filter(({ parent }) => parent === from.id);
    const [first, ...others] = children.map((child): Candidate => {
      const { tip, path } = best(child);
      return { tip, path: [child, ...path] };
    });
    if (first === undefined) return { tip: from, path: [] };
    return others.reduce((standing, other) => (compare(other, standing) < 0 ? other : standing), first);
  };
  return best(root).tip;
}

/** Ids of a node and all before it. */
export function pathTo(
  nodes: readonly Pick<BranchNode, 'id' | 'parent'>[],
  tip: string,
): ReadonlySet<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const path = new Set<string>();
  for (let at = byId.get(tip); at !== undefined; at = at.parent === null ? undefined : byId.get(at.parent))
    path.add(at.id);
  return path;
}
