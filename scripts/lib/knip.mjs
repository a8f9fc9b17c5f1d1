const isProduction = process.argv.includes('--production')

/**
 * What knip calls unused. Without `--production`: what nobody uses, tests and scripts included. With it: what only tests
 * use, in an `index.ts` (tests import by path) and in a file that no program reaches; an export that its own file uses
 * may be there for a unit test.
 */
export default {
  exclude: ['binaries'],
  ignoreExportsUsedInFile: isProduction || { interface: true, type: true },
  // The packages under test bring what their tests import; a computed import is not seen.
  ignoreIssues: { 'test/**': ['unlisted'], 'scripts/package/*.mjs': ['exports'] },
  workspaces: {
    '.': {
      entry: [
        'scripts/*.mjs!',
        'scripts/{lib,bench}/*.mjs!',
        'test/**/*.test.ts',
        'test/e2e/*/*.mjs',
        'test/fakes/*.mjs',
        'test/prove/main.ts',
        'scripts/grafana/dashboards.ts!',
      ],
      project: ['scripts/**/*.{ts,mjs}!', 'test/**/*.{ts,mjs}', '!test/fixtures/**'],
    },
    'packages/*': { project: ['{src,bin}/**/*.{ts,mjs}!'], includeEntryExports: true },
    'packages/dashboard': {
      entry: ['src/main.tsx!', 'src/theme.ts!', 'src/preview.tsx!', 'dev/*.mjs'],
      project: ['{src,dev}/**/*.{ts,tsx,mjs}!'],
    },
    // The pretend host is for tests and the demo: what only tests use is what it is for.
    'packages/simulator': { project: ['{src,bin}/**/*.{ts,mjs}!'], includeEntryExports: !isProduction },
  },
}
