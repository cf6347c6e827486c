/** Tags of lintian that stay, each with why. */
export const acceptedTags: Readonly<Record<string, string>> = {
  'dir-or-file-in-opt': 'where packages go that Debian does not make (FHS 3.13)',
  'unstripped-binary-or-object':
    'native files stay as their makers signed them off: the lockfile names their hash',
};

/** Lintian's complaints that are not accepted, and how many are. One line each, as it wrote them. */
export function readLintian(output: string): {
  readonly accepted: number;
  readonly complaints: readonly string[];
} {
  const found = output.split('\n').flatMap((line) => {
    const tag = /^[EWP]: \S+: (\S+)/.exec(line)?.[1];
    return tag === undefined ? [] : [{ line, accepted: Object.hasOwn(acceptedTags, tag) }];
  });
  return {
    accepted: found.filter(({ accepted }) => accepted).length,
    complaints: found.filter(({ accepted }) => !accepted).map(({ line }) => line),
  };
}
