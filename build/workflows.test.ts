import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { targets } from './dist/target.ts';
import { root } from './step.ts';

const textRecord = v.record(v.string(), v.unknown());
const stepSchema = v.object({
  uses: v.optional(v.string()),
  run: v.optional(v.string()),
  with: v.optional(textRecord, {}),
  env: v.optional(v.record(v.string(), v.string()), {}),
});
const jobSchema = v.object({
  'timeout-minutes': v.number(),
  permissions: v.optional(v.record(v.string(), v.string()), {}),
  strategy: v.optional(
    v.object({ matrix: v.object({ include: v.optional(v.array(v.object({ target: v.string() })), []) }) }),
  ),
  steps: v.array(stepSchema),
});
const workflowSchema = v.object({
  on: v.union([v.array(v.string()), textRecord]),
  permissions: v.record(v.string(), v.string()),
  jobs: v.record(v.string(), jobSchema),
});

const folder = join(root, '.github/workflows');
const workflows = readdirSync(folder).map((name) => {
  const document = parseDocument(readFileSync(join(folder, name), 'utf8'), {
    strict: true,
    uniqueKeys: true,
  });
  return {
    name,
    problems: [...document.errors, ...document.warnings],
    read: v.parse(workflowSchema, document.toJS()),
  };
});
const manifest = v.parse(
  v.object({ scripts: v.record(v.string(), v.string()) }),
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')),
);

describe.each(workflows)('.github/workflows/$name', ({ problems, read }) => {
  const steps = Object.values(read.jobs).flatMap((job) => job.steps);
  const commands = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));

  it('is YAML without a fault', () => {
    expect(problems).toEqual([]);
    expect(steps.length).toBeGreaterThan(3);
  });
  it('runs scripts and programs that are there', () => {
    const scripts = commands.flatMap((text) =>
      [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name ?? ''),
    );
    expect(scripts.length).toBeGreaterThan(0);
    for (const name of scripts) expect(Object.keys(manifest.scripts)).toContain(name);
    const programs = commands.flatMap((text) =>
      [...text.matchAll(/npx ([\w-]+)/g)].map(([, name]) => name ?? ''),
    );
    for (const name of programs) expect(existsSync(join(root, 'node_modules/.bin', name)), name).toBe(true);
  });
  it('lets no text from outside into a command, and keeps its token to itself', () => {
    for (const command of commands) expect(command).not.toContain('${{');
    expect(read.permissions).toEqual({ contents: 'read' });
    for (const { uses, with: given } of steps)
      if (uses?.startsWith('actions/checkout@')) expect(given['persist-credentials']).toBe(false);
    expect(Array.isArray(read.on) ? read.on : Object.keys(read.on)).not.toContain('pull_request_target');
  });
});

describe('the release', () => {
  const release = workflows.find(({ name }) => name === 'release.yml')?.read;

  it('is made for every target, and never from a pull request', () => {
    const made = release?.jobs.package?.strategy?.matrix.include.map(({ target }) => target);
    expect(made?.toSorted()).toEqual(targets.toSorted());
    expect(release?.on).toEqual({ push: { tags: ['v*'] } });
  });
  it('asks for the signatures of the packages it is made of', () => {
    expect(release?.jobs.audit?.steps.some(({ run }) => run === 'npm audit signatures')).toBe(true);
  });
  it('may write in its last job only', () => {
    const writing = Object.entries(release?.jobs ?? {}).filter(([, { permissions }]) =>
      Object.values(permissions).includes('write'),
    );
    expect(writing.map(([name]) => name)).toEqual(['release']);
  });
  it('names no secret that docs/packaging.md does not explain', () => {
    const values = Object.values(release?.jobs ?? {}).flatMap(({ steps }) =>
      steps.flatMap(({ env }) => Object.values(env)),
    );
    const secrets = new Set(
      values.flatMap((value) => [...value.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name ?? '')),
    );
    const explained = readFileSync(join(root, 'docs/packaging.md'), 'utf8');
    expect(secrets.size).toBeGreaterThan(5);
    for (const name of secrets) expect(explained).toContain(`\`${name}\``);
  });
});
