/*
 * Which folder may import which. An entry names a folder and what it may import beside its own files. A folder may only
 * name folders above it, so the list shows that all imports point one way. A new folder is one line.
 *
 *   'a/b'     the files of a/b and of its subfolders, without subfolders that have an entry of their own
 *   'a/b/**'  a/b with all its subfolders
 *   '.'       the files that lie directly in the folder above
 *   '**'      every folder above this line
 */
const SHARED = [
  ...['shared', 'shared/contracts', 'shared/image/**', 'shared/json', 'shared/files', 'shared/fleet'],
  ...['shared/ports', 'shared/manifest', 'shared/records', 'shared/job-index'],
  'shared/events',
]
/** Arithmetic that a tensor of any folder needs. */
const ELEMENT_COUNT = 'worker/checkpoint/element-count.ts'
const FOLDERS = [
  ['shared/image/rgb-image.ts', []],
  ['shared/contracts', ['shared/image/rgb-image.ts']],
  ['shared/image', ['shared/contracts', 'shared/image/rgb-image.ts']],
  ['shared/json', ['shared/contracts']],
  ['shared', ['shared/contracts']],
  ['shared/files', ['shared', 'shared/contracts']],
  ['shared/fleet', []],
  ['shared/ports', ['shared/contracts']],
  ['shared/manifest', ['shared/contracts', 'shared/json']],
  ['shared/records', ['shared/contracts', 'shared/json', 'shared/ports']],
  ['shared/job-index', ['shared', 'shared/contracts', 'shared/ports']],
  ['shared/events', ['shared', 'shared/contracts', 'shared/ports', 'shared/records']],
  ['shared/aws', ['shared', 'shared/contracts', 'shared/ports']],

  // Lambda gets these without the worker.
  ['functions', ['shared/contracts']],
  ['functions/ingest', ['.', ...SHARED, 'shared/aws']],
  ['functions/notify', ['.', ...SHARED, 'shared/aws']],
  ['functions/dispatch', [...SHARED, 'shared/aws']],

  // The networks: what they are, how they run, and the video that comes out.
  [ELEMENT_COUNT, []],
  ['worker/checkpoint', ['shared/contracts', 'shared/json']],
  ['worker/compiler/weights', ['shared/contracts', 'worker/checkpoint', ELEMENT_COUNT]],
  ['worker/compiler/graph', ['worker/compiler/weights', ELEMENT_COUNT]],
  ['worker/compiler/ops', ['worker/compiler/graph', ELEMENT_COUNT]],
  [
    'worker/compiler/targets',
    ['.', 'worker/compiler/weights', 'worker/compiler/graph', 'worker/compiler/ops', ELEMENT_COUNT],
  ],
  ['worker/compiler/float32', ['worker/compiler/graph', 'worker/compiler/ops']],
  ['worker/compiler/layers', ['worker/compiler/weights', 'worker/compiler/graph', 'worker/compiler/targets']],
  [
    'worker/compiler/networks',
    [
      ...['weights', 'graph', 'targets', 'float32', 'layers'].map((folder) => `worker/compiler/${folder}`),
      'worker/checkpoint',
    ],
  ],
  ['worker/compiler', [...SHARED, 'worker/checkpoint']],
  ['worker/cuda', SHARED],
  ['worker/engine', [...SHARED, 'worker/compiler/**', 'worker/cuda', ELEMENT_COUNT]],
  ['worker/device', [...SHARED, 'worker/compiler/**', 'worker/cuda', 'worker/engine']],
  ['worker/plan', ['shared/fleet', 'worker/compiler/**', 'worker/engine']],
  [
    'worker/pipeline',
    [
      'shared',
      'shared/contracts',
      'shared/image/**',
      'worker/checkpoint',
      ELEMENT_COUNT,
      'worker/compiler/**',
      'worker/engine',
    ],
  ],
  ['worker/video', [...SHARED, 'worker/pipeline']],
  [
    'worker/renderer',
    [
      ...SHARED,
      ...['worker/checkpoint', 'worker/compiler/**', 'worker/engine', 'worker/pipeline', 'worker/video'],
    ],
  ],

  // The queue side, which never sees a tensor: one machine that takes jobs.
  ['worker/models', [...SHARED, 'worker/checkpoint', 'worker/compiler/**', 'worker/engine']],
  [
    'worker/preflight',
    [...SHARED, 'shared/aws', 'worker/cuda', 'worker/engine', 'worker/models', 'worker/video'],
  ],
  ['worker/telemetry', [...SHARED, 'worker/pipeline']],
  ['worker/jobs/slots', [...SHARED, 'worker/renderer']],
  ['worker/jobs/quality', [...SHARED, 'worker/pipeline', 'worker/video']],
  [
    'worker/jobs',
    [
      ...SHARED,
      ...['worker/pipeline', 'worker/video', 'worker/renderer', 'worker/models', 'worker/telemetry'],
    ],
  ],
  ['worker/queue', [...SHARED, 'worker/jobs/**', 'worker/telemetry']],
  ['worker/instance', [...SHARED, 'worker/queue', 'worker/telemetry']],
  ['worker/local', [...SHARED, 'shared/aws']],

  // Buckets and queues of a deployment, for every command that uses them and for the API.
  ['worker/aws', [...SHARED, 'shared/aws', 'worker/preflight']],

  // What people do with jobs, from their own machine.
  ['worker/client/tracking', SHARED],
  ['worker/client/convert', SHARED],
  ['worker/client/submit', [...SHARED, 'worker/client/convert', 'worker/client/tracking']],
  ['worker/client/download', [...SHARED, 'worker/client/tracking', 'worker/client/submit']],
  ['worker/client/redrive', [...SHARED, 'worker/client/tracking']],
  ['worker/client/batches', [...SHARED, 'worker/client/tracking']],
  ['worker/client/contact-sheet', [...SHARED, 'worker/client/tracking']],

  // What the `svd` command and the API do with files of this machine: render clips of images, and write ONNX files.
  [
    'worker/clips',
    [
      ...[...SHARED, 'worker/checkpoint', 'worker/compiler/**', 'worker/engine', 'worker/device'],
      ...['worker/pipeline', 'worker/video', 'worker/renderer', 'worker/models', 'worker/client/convert'],
    ],
  ],
  [
    'worker/export',
    [...SHARED, 'worker/checkpoint', 'worker/compiler/**', 'worker/engine', 'worker/pipeline'],
  ],

  // The `svd` command, a folder for each family of commands.
  ['worker/cli/terminal', ['.', ...SHARED, 'worker/pipeline', 'worker/models']],
  ['worker/cli/cuda', ['.', ...SHARED, 'worker/cli/terminal', 'worker/cuda']],
  [
    'worker/cli/graphs',
    [
      ...['.', ...SHARED, 'worker/cli/terminal', 'worker/checkpoint', 'worker/compiler/**', 'worker/cuda'],
      ...['worker/engine', 'worker/device', 'worker/pipeline', 'worker/plan', 'worker/export'],
    ],
  ],
  [
    'worker/cli/plan',
    ['.', ...SHARED, 'worker/cli/terminal', 'worker/cli/graphs', 'worker/compiler/**', 'worker/plan'],
  ],
  [
    'worker/cli/render',
    [
      ...['.', ...SHARED, 'worker/cli/terminal', 'worker/checkpoint', 'worker/compiler/**'],
      ...['worker/engine', 'worker/device', 'worker/pipeline', 'worker/renderer', 'worker/video'],
      ...['worker/client/convert', 'worker/clips'],
    ],
  ],
  ['worker/cli/show', ['.', ...SHARED, 'worker/cli/terminal', 'worker/video']],
  ['worker/cli/models', ['.', ...SHARED, 'worker/cli/terminal', 'worker/models']],
  [
    'worker/cli/jobs',
    ['.', ...SHARED, 'worker/cli/terminal', 'worker/aws', 'worker/client/**', 'worker/video'],
  ],
  [
    'worker/cli/doctor',
    [
      ...['.', ...SHARED, 'worker/cli/graphs', 'worker/checkpoint', 'worker/compiler/**', 'worker/cuda'],
      ...['worker/engine', 'worker/device', 'worker/pipeline', 'worker/models', 'worker/preflight'],
      ...['worker/aws', 'worker/client/tracking'],
    ],
  ],
  [
    'worker/cli/worker',
    [
      ...['.', ...SHARED, 'worker/cli/graphs', 'worker/checkpoint', 'worker/compiler/**', 'worker/cuda'],
      ...['worker/engine', 'worker/device', 'worker/plan', 'worker/video', 'worker/renderer'],
      ...['worker/models', 'worker/preflight', 'worker/aws'],
      ...['worker/telemetry', 'worker/jobs/**', 'worker/queue', 'worker/instance'],
    ],
  ],
  [
    'worker/cli/local',
    [
      ...[
        '.',
        ...SHARED,
        'functions/ingest',
        'functions/notify',
        'worker/cli/terminal',
        'worker/cli/worker',
        'worker/cli/jobs',
      ],
      ...['worker/device', 'worker/renderer', 'worker/models', 'worker/preflight', 'worker/telemetry'],
      ...['worker/queue', 'worker/aws'],
      ...['worker/local', 'worker/client/submit', 'worker/client/download', 'worker/client/tracking'],
    ],
  ],
  [
    'worker/cli',
    [
      ...[...SHARED, 'shared/aws', 'worker/compiler/**', 'worker/cuda', 'worker/engine', 'worker/device'],
      ...['worker/video', 'worker/renderer', 'worker/aws', 'worker/client/convert'],
    ],
  ],

  ['worker/image', ['shared/files', 'worker/cuda', 'worker/telemetry']],
  ['worker/package', ['shared']],
  // Takes constants of what it deploys. Nothing that is deployed knows how.
  ['infra', ['**']],
  // What users of the npm package import. Nothing of the project imports it.
  [
    'worker/api',
    [
      ...[...SHARED, 'worker/checkpoint', 'worker/compiler/**', 'worker/engine', 'worker/device'],
      ...['worker/pipeline', 'worker/video', 'worker/renderer', 'worker/aws', 'worker/client/**'],
      ...['worker/clips', 'worker/export'],
    ],
  ],
]

/** Packages that few files may import. */
const PACKAGES = [
  ['@aws-sdk/', ['shared/aws/', 'functions/[^/]+/handler\\.ts$', 'worker/local/', 'worker/aws/']],
  ['onnxruntime-node/', ['worker/engine/']],
  ['fluent-ffmpeg/', ['worker/video/']],
  ['(aws-cdk-lib|constructs|cdk-nag)/', ['infra/']],
]

const PRODUCT = '^(worker|functions|shared|infra)/'
const NAMES = FOLDERS.map(([folder]) => folder)
const escaped = (folder) => folder.replaceAll('.', '\\.')
/** Subfolders and files that have an entry of their own. */
const entriesBelow = (folder) => NAMES.filter((name) => name.startsWith(`${folder}/`))
/** Pattern for the files of a folder. */
const filesOf = (folder) => {
  if (folder.endsWith('/**')) return `^${escaped(folder.slice(0, -3))}/`
  if (folder.endsWith('.ts')) return `^${escaped(folder)}$`
  const others = entriesBelow(folder).map((name) => escaped(name.slice(folder.length + 1)))
  return others.length === 0 ? `^${escaped(folder)}/` : `^${escaped(folder)}/(?!(${others.join('|')})(/|$))`
}
const parentOf = (folder) => folder.slice(0, folder.lastIndexOf('/'))

/** Patterns for what the entry at `index` may import. Throws if it names a folder that is not above it. */
const allowedFor = (index) => {
  const [folder, imports] = FOLDERS[index]
  const above = NAMES.slice(0, index)
  return imports.flatMap((named) => {
    if (named === '**') return above.map(filesOf)
    if (named === '.') return [`^${escaped(parentOf(folder))}/[^/]+$`]
    const base = named.replace(/\/\*\*$/, '')
    if (!above.includes(base) && !above.some((name) => name.startsWith(`${base}/`)))
      throw new Error(
        `.dependency-cruiser.mjs: ${folder} names ${named}, which has no entry above it; move one of the two, or drop the import`,
      )
    return [filesOf(named)]
  })
}

/** A folder imports its own files, those of its subfolders, and what its entry names. */
const folderRules = FOLDERS.map(([folder], index) => ({
  name: `imports-of-${folder}`,
  severity: 'error',
  from: { path: filesOf(folder) },
  to: {
    path: PRODUCT,
    pathNot: [folder.endsWith('.ts') ? filesOf(folder) : `^${escaped(folder)}/`, ...allowedFor(index)],
  },
}))

const packageRules = PACKAGES.map(([name, importers]) => ({
  name: `importers-of-${name.replaceAll(/[^\w@-]+/g, '-').replace(/^-|-$/g, '')}`,
  severity: 'error',
  from: { path: PRODUCT, pathNot: importers.map((importer) => `^${importer}`) },
  to: { path: `node_modules/${name}` },
}))

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-test-in-product',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'every-folder-has-an-entry',
      severity: 'error',
      from: { path: PRODUCT, pathNot: NAMES.map(filesOf) },
      to: {},
    },
    ...folderRules,
    ...packageRules,
    {
      name: 'layers-and-networks-call-their-target',
      comment: 'A target chooses every op. What stays float32 on all of them is in compiler/float32.',
      severity: 'error',
      from: { path: '^worker/compiler/(layers|networks)/' },
      to: { path: '^worker/compiler/targets/(?!target\\.ts)' },
    },
    {
      name: 'plans-are-arithmetic',
      comment: 'What was counted in, hours and dollars out.',
      severity: 'error',
      from: { path: '^worker/plan/' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'only-handlers-name-aws',
      severity: 'error',
      from: { path: '^functions/', pathNot: '/handler\\.ts$' },
      to: { path: '^shared/aws/' },
    },
    {
      name: 'api-does-not-need-the-command',
      comment:
        'What both need is in a folder above both, such as worker/aws, worker/clips and worker/export.',
      severity: 'error',
      from: { path: '^worker/api/' },
      to: { path: '^worker/cli/', reachable: true },
    },
    {
      name: 'networks-share-their-process-with-nothing',
      comment: "Decoding and encoding of files go on in the parent, while the next job's networks run.",
      severity: 'error',
      from: { path: '^worker/renderer/main\\.ts$' },
      to: { path: 'node_modules/(sharp|fluent-ffmpeg)/', reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
