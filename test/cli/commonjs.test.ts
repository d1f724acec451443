import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPool } from '../support/cli.ts';
import { makeProject } from '../support/project.ts';

const files = {
  'pool.config.js': `
    import { defineConfig } from 'warm-pool';
    export default defineConfig({ pool: { max: 1 } });`,
  'functions/module.js': `
    import path from 'node:path';
    import { shared } from './_shared.js';
    export default (args) => [shared, path.basename('a/b'), args.value];
    export const config = { description: 'A module' };`,
  'functions/_shared.js': `export const shared = 'shared';`,
  'functions/minified.js': `const a=1;export{b as default};function b(){return a}`,
  'functions/common.js': `
    // What would be
    // export default () => 'a module';
    /*
    import nothing from 'nowhere';
    */
    const { shared } = require('./_common.cjs');
    module.exports = () => shared;`,
  'functions/_common.cjs': `exports.shared = 'common';`,
};

for (const type of ['commonjs', undefined]) {
  test(`modules and CommonJS are functions side by side with ${type ?? 'no'} "type"`, async (t) => {
    const manifest = JSON.stringify({ name: 'project', private: true, type });
    const project = makeProject(t, { 'package.json': manifest, ...files });
    for (const [name, answer] of [
      ['module', '["shared","b",7]\n'],
      ['minified', '1\n'],
      ['common', '"common"\n'],
    ] as const) {
      const { code, stdout, stderr } = await runPool(t, project, ['invoke', name, '--args', '{"value":7}']);
      assert.equal(stdout, answer, stderr);
      assert.match(stderr, /^REPORT [^\n]+\n$/);
      assert.equal(code, 0);
    }
  });
}
