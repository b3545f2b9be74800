import { describe, expect, test } from 'vitest'
import { readConfig } from '../../../infra/config/read-config.ts'
import { CLIPS_PER_WORKER } from '../../../infra/scaling/scaling-policy.ts'

const faultsOf = (context: Readonly<Record<string, unknown>>): readonly string[] => {
  try {
    readConfig(context)
    return []
  } catch (error) {
    return (error as Error).message.split('\n').slice(1)
  }
}

describe('the deployment that the context asks for', () => {
  test('is the default without any key of ours, whatever else is in the context', () => {
    const config = readConfig({ '@aws-cdk/core:checkSecretUsage': true, 'cli-telemetry': false })

    expect(config).toEqual({
      name: 'svd',
      modelId: 'svd-xt',
      compute: 'batch',
      device: 'cuda',
      instanceTypes: [
        ...['g6e.xlarge', 'g6.xlarge', 'g5.xlarge', 'g6e.2xlarge', 'g6.2xlarge', 'g5.2xlarge'],
        ...['g6.4xlarge', 'g5.4xlarge', 'gr6.4xlarge'],
      ],
      maxWorkers: 4,
      clipsPerWorker: CLIPS_PER_WORKER,
      maxUsdPerDay: 0,
      usdPerMachineHour: 0,
      onDemandBase: 0,
      onDemandPercent: 0,
      capacityReservationId: '',
      amiDate: '',
      sessionManager: 'off',
      workerImage: '',
      cudaImage: '',
      qualityChecks: [],
      network: 'public',
      availabilityZones: 3,
      zoneNames: [],
      vpcId: '',
      subnetIds: [],
      encryption: 'aws',
      ingestConcurrency: 5,
      ingestReservedConcurrency: 0,
      maxJobWork: 40_000_000_000,
      maxManifestClips: 10_000,
      defaultSize: 'auto',
      inputDays: 0,
      outputDays: 0,
      logDays: 30,
      alarmHours: 24,
      alarmEmail: '',
    })
  })

  test('takes text, as the command line gives it, and JSON, as cdk.json has it', () => {
    const text = readConfig({ 'svd:maxWorkers': '12', 'svd:instanceTypes': 'g6.xlarge, g5.xlarge' })
    const json = readConfig({ 'svd:maxWorkers': 12, 'svd:instanceTypes': ['g6.xlarge', 'g5.xlarge'] })

    expect(text).toEqual(json)
    expect(text).toMatchObject({ maxWorkers: 12, instanceTypes: ['g6.xlarge', 'g5.xlarge'] })
  })

  test('is refused with every key that is wrong: value and rule', () => {
    const faults = faultsOf({
      'svd:compute': 'fargate',
      'svd:maxWorkers': 'many',
      'svd:maxJobWork': '0',
      'svd:maxManifestClips': '10001',
      'svd:logDays': '5',
      'svd:alarmEmail': 'me',
      'svd:vpcId': 'default',
    })

    expect(faults).toEqual([
      "  svd:compute: got 'fargate'; must be batch, ec2 or both",
      "  svd:maxWorkers: got 'many'; must be a whole number from 1 to 5000",
      expect.stringMatching(/^ {2}svd:vpcId: got 'default'; /),
      "  svd:maxJobWork: got '0'; must be a whole number from 1 to 1000000000000000",
      "  svd:maxManifestClips: got '10001'; must be a whole number from 1 to 10000",
      "  svd:logDays: got '5'; must be one of 1, 3, 7, 14, 30, 60, 90, 180, 365, 731",
      expect.stringMatching(/^ {2}svd:alarmEmail: got 'me'; /),
    ])
  })

  test('is refused for a key that there is not, with those that there are', () => {
    expect(faultsOf({ 'svd:maxworkers': '4' })).toEqual([
      expect.stringMatching(/^ {2}svd:maxworkers: there is no such key; there are name, .*maxWorkers, /),
    ])
  })

  test('is refused for an empty number, which is not 0', () => {
    expect(faultsOf({ 'svd:onDemandPercent': '' })).toEqual([
      "  svd:onDemandPercent: got ''; must be a whole number from 0 to 100",
    ])
  })

  test.each([
    [{ 'svd:vpcId': 'vpc-0a1b2c3d' }, '  svd:subnetIds: is empty, but vpcId is given; give both or none'],
    [
      { 'svd:subnetIds': 'subnet-0a1b2c3d' },
      '  svd:vpcId: is empty, but subnetIds are given; give both or none',
    ],
  ])('is refused for half of an existing VPC: %j', (context, fault) => {
    expect(faultsOf(context)).toEqual([fault])
  })

  test.each([
    [{ 'svd:onDemandBase': 2 }, /onDemandBase: got 2; has a meaning for compute ec2 and both only/],
    [{ 'svd:onDemandPercent': '30' }, /onDemandPercent: got '30'; must be 0 .* or 100 .* with compute batch/],
    [
      { 'svd:network': 'isolated', 'svd:workerImage': 'registry.example.com/svd:1' },
      /workerImage: got 'registry.example.com\/svd:1'; must be of ECR with network isolated/,
    ],
  ])('is refused for a key that would be left without effect: %j', (context, fault) => {
    expect(faultsOf(context)).toEqual([expect.stringMatching(fault)])
    expect(faultsOf({ ...context, 'svd:compute': 'ec2', 'svd:network': 'public' })).toEqual([])
  })

  test('is refused for a budget without a price of a machine that no table has', () => {
    const context = { 'svd:instanceTypes': 'g7e.2xlarge:1:8:64', 'svd:maxUsdPerDay': '20' }
    expect(faultsOf(context)).toEqual([
      '  svd:usdPerMachineHour: must be given with maxUsdPerDay, because svd has no price of g7e.2xlarge:1:8:64',
    ])
    expect(faultsOf({ ...context, 'svd:usdPerMachineHour': '4.1' })).toEqual([])
    expect(faultsOf({ 'svd:instanceTypes': 'g7e.2xlarge:1:8:64' })).toEqual([])
  })

  test('is of machines without a GPU where that is asked for, with what goes with them', () => {
    const ofTheDemo = { 'svd:device': 'cpu', 'svd:modelId': 'demo' }

    expect(readConfig(ofTheDemo).instanceTypes).toEqual(['c7i.xlarge', 'm7i.xlarge', 'c7a.xlarge'])
    expect(readConfig({ 'svd:device': 'cpu', 'svd:instanceTypes': 'm7i.4xlarge' }).instanceTypes).toEqual([
      'm7i.4xlarge',
    ])
  })

  test('is refused for machines without a GPU of which one would get more workers than another', () => {
    const ofTheDemo = { 'svd:device': 'cpu', 'svd:modelId': 'demo' }

    expect(faultsOf({ ...ofTheDemo, 'svd:instanceTypes': 'c7i.xlarge,c7i.4xlarge' })).toEqual([
      expect.stringMatching(/instanceTypes: got .*; must all have the same number of vCPUs with device cpu/),
    ])
  })

  test('is refused for machines without a GPU that are too small for the model that is the default', () => {
    expect(faultsOf({ 'svd:device': 'cpu' })).toEqual([
      '  svd:instanceTypes: must have 16 GiB of memory for svd-xt on the CPU, and c7i.xlarge has 8 GiB, c7a.xlarge has 8 GiB; take larger ones, or modelId demo',
    ])
  })

  test.each([
    [
      { 'svd:device': 'cpu', 'svd:modelId': 'demo', 'svd:instanceTypes': 'c7i.xlarge,g6.xlarge' },
      "  svd:instanceTypes: got 'c7i.xlarge,g6.xlarge'; must be types without a GPU with device cpu, which g6.xlarge is not; or take device cuda",
    ],
    [
      { 'svd:instanceTypes': 'c7i.xlarge,m7i.xlarge' },
      "  svd:instanceTypes: got 'c7i.xlarge,m7i.xlarge'; must be types with a GPU with device cuda, which c7i.xlarge, m7i.xlarge are not; or take device cpu",
    ],
    [
      {
        ...{ 'svd:device': 'cpu', 'svd:modelId': 'demo' },
        'svd:cudaImage': 'registry.example.com/cuda:13',
      },
      "  svd:cudaImage: got 'registry.example.com/cuda:13'; has no effect: no image with CUDA is built with device cpu, or with workerImage",
    ],
  ])('is refused for machines that the device does not go with: %j', (context, fault) => {
    expect(faultsOf(context)).toEqual([fault])
  })

  test('takes a type that nobody wrote down, of which neither price nor quota is known, with its sizes', () => {
    const instanceTypes = ['g6e.xlarge', 'g7e.2xlarge:1:8:64']

    expect(readConfig({ 'svd:instanceTypes': instanceTypes.join(',') })).toMatchObject({ instanceTypes })
  })

  test.each(['g7e.2xlarge', 'g7e.2xlarge:1:8', 'g7e.2xlarge:1:0:64', 'g7e:1:8:64', 'g7e.2xlarge:one:8:64'])(
    'is refused for such a type without all its sizes: %s',
    (type) => {
      expect(faultsOf({ 'svd:instanceTypes': type })).toEqual([
        expect.stringMatching(`svd:instanceTypes: got '${type}'; must be .* NAME:GPUS:VCPUS:GIB`),
      ])
    },
  )

  test.each([
    ['g6.xlarge,g6.xlarge', "'g6.xlarge,g6.xlarge'; must name each type once"],
    ['g6.xlarge:1:8:64', "'g6.xlarge:1:8:64'; must be written as g6.xlarge: its sizes are known"],
    [
      'g7e.2xlarge:2:1:64',
      "'g7e.2xlarge:2:1:64'; must have at least one vCPU for each GPU, because a worker gets one GPU",
    ],
    [
      'g5g.xlarge:1:4:8',
      "'g5g.xlarge:1:4:8'; cannot be used: g5g.xlarge has an Arm processor, and the worker's image is for x86-64",
    ],
    [
      'u-6tb1.metal:1:448:6144',
      "'u-6tb1.metal:1:448:6144'; must begin with the name of an EC2 instance type, which u-6tb1.metal is not",
    ],
  ])('is refused for types on which no worker would start: %s', (types, fault) => {
    expect(faultsOf({ 'svd:instanceTypes': types })).toEqual([`  svd:instanceTypes: got ${fault}`])
  })

  test.each([
    'p3.2xlarge:1:8:61',
    'g4ad.xlarge:1:4:16',
    'p6-b200.48xlarge:8:192:2048',
    'p6e-gb200.36xlarge:4:144:960',
  ])("is refused for cards that ONNX Runtime's CUDA provider has no code for: %s", (type) => {
    expect(faultsOf({ 'svd:instanceTypes': type })).toEqual([
      expect.stringMatching(
        `svd:instanceTypes: got '${type}'; cannot be used: .* has no code; take a type with T4, `,
      ),
    ])
  })

  test('is refused for a capacity reservation that Spot, or another type, would leave unused', () => {
    const reserved = {
      ...{ 'svd:capacityReservationId': 'cr-0a1b2c3d', 'svd:instanceTypes': 'g6e.xlarge' },
      'svd:zoneNames': 'us-east-1b',
    }

    expect(faultsOf({ ...reserved, 'svd:onDemandPercent': '100' })).toEqual([])
    for (const context of [
      reserved,
      { ...reserved, 'svd:onDemandPercent': '100', 'svd:instanceTypes': 'g6e.xlarge,g6.xlarge' },
    ])
      expect(faultsOf(context)).toEqual([
        "  svd:capacityReservationId: got 'cr-0a1b2c3d'; needs onDemandPercent 100, because Spot takes no reservation, and the one instance type that is reserved in instanceTypes",
      ])
  })

  test.each([
    [
      { 'svd:zoneNames': 'us-east-1a,us-east-1b' },
      "  svd:zoneNames: got 'us-east-1a,us-east-1b'; must name the zone of capacityReservationId alone: EC2 launches into a reservation of the same zone only",
    ],
    [
      {},
      '  svd:zoneNames: must name the zone of capacityReservationId alone: EC2 launches into a reservation of the same zone only',
    ],
    [
      { 'svd:vpcId': 'vpc-0a1b2c3d', 'svd:subnetIds': 'subnet-0a1b2c3d,subnet-1a1b2c3d' },
      "  svd:subnetIds: got 'subnet-0a1b2c3d,subnet-1a1b2c3d'; must name the zone of capacityReservationId alone, by one subnet of it: EC2 launches into a reservation of the same zone only",
    ],
  ])(
    'is refused for a capacity reservation beside zones in which no machine can start: %j',
    (zones, fault) => {
      const reserved = { 'svd:capacityReservationId': 'cr-0a1b2c3d', 'svd:instanceTypes': 'g6e.xlarge' }

      expect(faultsOf({ ...reserved, 'svd:onDemandPercent': '100', ...zones })).toEqual([fault])
    },
  )

  test('is refused for zones that are no names, are named twice, or are counted as well', () => {
    expect(faultsOf({ 'svd:zoneNames': 'us-east-1a,use1-az2' })).toEqual([
      "  svd:zoneNames: got 'use1-az2'; must be like us-east-1a",
    ])
    expect(faultsOf({ 'svd:zoneNames': 'us-east-1a,us-east-1a' })).toEqual([
      "  svd:zoneNames: got 'us-east-1a,us-east-1a'; must name each zone once",
    ])
    expect(faultsOf({ 'svd:zoneNames': 'us-east-1a,eu-west-1a' })).toEqual([
      "  svd:zoneNames: got 'us-east-1a,eu-west-1a'; must all be of one region, the one that is deployed to",
    ])
    expect(faultsOf({ 'svd:zoneNames': 'us-gov-west-1b', 'svd:availabilityZones': 1 })).toEqual([
      '  svd:availabilityZones: has no effect with zoneNames; leave one of them out',
    ])
  })

  test.each(['today', '30.11.2026', '2026-13-01', '2026-02-30'])(
    'is refused for a day that is none: %s',
    (day) => {
      expect(faultsOf({ 'svd:amiDate': day })).toEqual([
        `  svd:amiDate: got '${day}'; must be a date such as 2026-11-30, or empty`,
      ])
    },
  )

  test.each([
    ['instanceTypes', 5, 'must be a list: a,b on the command line, ["a", "b"] in cdk.json'],
    ['zoneNames', { a: 1 }, 'must be a list: a,b on the command line, ["a", "b"] in cdk.json'],
    ['name', 5, 'must be text'],
    ['cudaImage', true, 'must be text'],
    ['amiDate', 20261130, 'must be a date such as 2026-11-30, or empty'],
    ['vpcId', 5, 'must be like vpc-0a1b2c3d, or empty'],
    ['capacityReservationId', 5, 'must be like cr-0a1b2c3d, or empty'],
    ['alarmEmail', 5, 'must be an address such as ops@example.com, or empty'],
    ['maxWorkers', [3], 'must be a whole number from 1 to 5000'],
    ['sessionManager', true, 'must be off or on'],
  ])('is refused for a value of another type, by the rule of the key: %s', (key, value, rule) => {
    expect(faultsOf({ [`svd:${key}`]: value })).toEqual([
      `  svd:${key}: got ${JSON.stringify(value)}; ${rule}`,
    ])
  })

  test('is refused for a number with blanks around it, which the message shows', () => {
    expect(faultsOf({ 'svd:maxWorkers': ' 4 ' })).toEqual([
      "  svd:maxWorkers: got ' 4 '; must be a whole number from 1 to 5000",
    ])
  })

  test('is built on an image as `npm run check:images` prints it', () => {
    const cudaImage = `nvidia/cuda:13.0.3-cudnn-runtime-ubuntu24.04@sha256:${'0'.repeat(64)}`

    expect(readConfig({ 'svd:cudaImage': cudaImage })).toMatchObject({ cudaImage })
    expect(faultsOf({ 'svd:cudaImage': 'nvidia/cuda' })).toEqual([
      "  svd:cudaImage: got 'nvidia/cuda'; must be NAME:TAG, NAME@sha256:DIGEST or NAME:TAG@sha256:DIGEST, as npm run check:images prints it, or empty",
    ])
  })

  test.each(['compute', 'svd.compute', 'SVD:compute', 'svd_compute'])(
    'is refused for a key without its prefix, which would have no effect: %s',
    (key) => {
      expect(faultsOf({ [key]: 'ec2' })).toEqual([`  ${key}: has no effect; write svd:compute`])
    },
  )

  test('is refused for a key that another one leaves without effect', () => {
    expect(faultsOf({ 'svd:usdPerMachineHour': '4' })).toEqual([
      "  svd:usdPerMachineHour: got '4'; has no effect without maxUsdPerDay",
    ])
    expect(faultsOf({ 'svd:compute': 'ec2', 'svd:onDemandBase': '1', 'svd:onDemandPercent': '100' })).toEqual(
      ["  svd:onDemandBase: got '1'; has no effect with onDemandPercent 100: all instances are On-Demand"],
    )
  })

  test('is refused for zones beside an existing VPC, which has its own', () => {
    const vpc = { 'svd:vpcId': 'vpc-0a1b2c3d', 'svd:subnetIds': 'subnet-0a1b2c3d' }

    expect(faultsOf(vpc)).toEqual([])
    expect(faultsOf({ ...vpc, 'svd:availabilityZones': '2' })).toEqual([
      '  svd:availabilityZones: has no effect with vpcId: zones are those of subnetIds',
    ])
    expect(faultsOf({ ...vpc, 'svd:zoneNames': 'us-east-1a' })).toEqual([
      '  svd:zoneNames: has no effect with vpcId: zones are those of subnetIds',
    ])
  })

  test('is refused for less concurrency set aside than ingest may take', () => {
    expect(faultsOf({ 'svd:ingestReservedConcurrency': '3' })).toEqual([
      expect.stringMatching(
        /ingestReservedConcurrency: got '3'; must be 0, or at least ingestConcurrency \(5\)/,
      ),
    ])
  })

  test('is refused with the one item of a list that is wrong', () => {
    expect(faultsOf({ 'svd:instanceTypes': 'g6.xlarge, g5.huge' })).toEqual([
      expect.stringMatching(
        /^ {2}svd:instanceTypes: got 'g5.huge'; must be g4dn.xlarge, .*, c7a.8xlarge, or for another type NAME:GPUS:VCPUS:GIB, such as g7e.2xlarge:1:8:64$/,
      ),
    ])
  })

  test('is refused with the one severity of a check that is wrong', () => {
    expect(faultsOf({ 'svd:qualityChecks': 'likeness=fail,seam=off' })).toEqual([
      "  svd:qualityChecks: got 'seam=off'; must be CHECK=SEVERITY, such as likeness=fail; checks are non-finite, " +
        'black, blank, frozen, seams, likeness, container; severities are off, warn, fail',
    ])
    expect(faultsOf({ 'svd:qualityChecks': ['seams=off', 'seams=fail'] })).toEqual([
      '  svd:qualityChecks: got ["seams=off","seams=fail"]; must name each check once at most',
    ])
  })

  test('is refused for machines of which one has more GPUs than another', () => {
    expect(faultsOf({ 'svd:instanceTypes': 'g6.xlarge,p4d.24xlarge' })).toEqual([
      "  svd:instanceTypes: got 'g6.xlarge,p4d.24xlarge'; must all have the same number of GPUs: a fleet is counted in instances",
    ])
  })
})
