import { describe, expect, test } from 'vitest'
import { readConfig } from '../../../infra/config/read-config.ts'
import { CLIPS_PER_WORKER } from '../../../infra/scaling/scaling-policy.ts'
import { faultsOf } from './faults-of.ts'

describe('readConfig', () => {
  test('returns the defaults for a context without svd keys', () => {
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
      notifyConcurrency: 2,
      webhookUrl: '',
      webhookApiKeySecret: '',
      webhookHmacSecret: '',
      webhookPerSecond: 10,
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

  test('takes text from the command line and JSON from cdk.json', () => {
    const text = readConfig({ 'svd:maxWorkers': '12', 'svd:instanceTypes': 'g6.xlarge, g5.xlarge' })
    const json = readConfig({ 'svd:maxWorkers': 12, 'svd:instanceTypes': ['g6.xlarge', 'g5.xlarge'] })

    expect(text).toEqual(json)
    expect(text).toMatchObject({ maxWorkers: 12, instanceTypes: ['g6.xlarge', 'g5.xlarge'] })
  })

  test('reports every wrong key with its value and rule', () => {
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

  test('refuses an unknown key and lists the known keys', () => {
    expect(faultsOf({ 'svd:maxworkers': '4' })).toEqual([
      expect.stringMatching(/^ {2}svd:maxworkers: there is no such key; there are name, .*maxWorkers, /),
    ])
  })

  test('refuses an empty number, because it is not 0', () => {
    expect(faultsOf({ 'svd:onDemandPercent': '' })).toEqual([
      "  svd:onDemandPercent: got ''; must be a whole number from 0 to 100",
    ])
  })

  test.each([
    [{ 'svd:onDemandBase': 2 }, /onDemandBase: got 2; has a meaning for compute ec2 and both only/],
    [{ 'svd:onDemandPercent': '30' }, /onDemandPercent: got '30'; must be 0 .* or 100 .* with compute batch/],
    [
      { 'svd:network': 'isolated', 'svd:workerImage': 'registry.example.com/svd:1' },
      /workerImage: got 'registry.example.com\/svd:1'; must be of ECR with network isolated/,
    ],
  ])('refuses a key that would have no effect: %j', (context, fault) => {
    expect(faultsOf(context)).toEqual([expect.stringMatching(fault)])
    expect(faultsOf({ ...context, 'svd:compute': 'ec2', 'svd:network': 'public' })).toEqual([])
  })

  test.each(['today', '30.11.2026', '2026-13-01', '2026-02-30'])('refuses %s as a date', (day) => {
    expect(faultsOf({ 'svd:amiDate': day })).toEqual([
      `  svd:amiDate: got '${day}'; must be a date such as 2026-11-30, or empty`,
    ])
  })

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
  ])('refuses a value of another type with the rule of the key: %s', (key, value, rule) => {
    expect(faultsOf({ [`svd:${key}`]: value })).toEqual([
      `  svd:${key}: got ${JSON.stringify(value)}; ${rule}`,
    ])
  })

  test('refuses a number with spaces around it and shows them', () => {
    expect(faultsOf({ 'svd:maxWorkers': ' 4 ' })).toEqual([
      "  svd:maxWorkers: got ' 4 '; must be a whole number from 1 to 5000",
    ])
  })

  test('takes a CUDA image as `npm run check:images` prints it', () => {
    const cudaImage = `nvidia/cuda:13.0.3-cudnn-runtime-ubuntu24.04@sha256:${'0'.repeat(64)}`

    expect(readConfig({ 'svd:cudaImage': cudaImage })).toMatchObject({ cudaImage })
    expect(faultsOf({ 'svd:cudaImage': 'nvidia/cuda' })).toEqual([
      "  svd:cudaImage: got 'nvidia/cuda'; must be NAME:TAG, NAME@sha256:DIGEST or NAME:TAG@sha256:DIGEST, as npm run check:images prints it, or empty",
    ])
  })

  test.each(['compute', 'svd.compute', 'SVD:compute', 'svd_compute'])(
    'refuses a key without the svd: prefix: %s',
    (key) => {
      expect(faultsOf({ [key]: 'ec2' })).toEqual([`  ${key}: has no effect; write svd:compute`])
    },
  )

  test('refuses a key that another key leaves without effect', () => {
    expect(faultsOf({ 'svd:usdPerMachineHour': '4' })).toEqual([
      "  svd:usdPerMachineHour: got '4'; has no effect without maxUsdPerDay",
    ])
    expect(faultsOf({ 'svd:compute': 'ec2', 'svd:onDemandBase': '1', 'svd:onDemandPercent': '100' })).toEqual(
      ["  svd:onDemandBase: got '1'; has no effect with onDemandPercent 100: all instances are On-Demand"],
    )
  })

  test('refuses a reserved concurrency below the concurrency of ingest', () => {
    expect(faultsOf({ 'svd:ingestReservedConcurrency': '3' })).toEqual([
      expect.stringMatching(
        /ingestReservedConcurrency: got '3'; must be 0, or at least ingestConcurrency \(5\)/,
      ),
    ])
  })

  test('names the one item of a list that is wrong', () => {
    expect(faultsOf({ 'svd:instanceTypes': 'g6.xlarge, g5.huge' })).toEqual([
      expect.stringMatching(
        /^ {2}svd:instanceTypes: got 'g5.huge'; must be g4dn.xlarge, .*, c7a.8xlarge, or for another type NAME:GPUS:VCPUS:GIB, such as g7e.2xlarge:1:8:64$/,
      ),
    ])
  })

  test('names the one severity of a quality check that is wrong', () => {
    expect(faultsOf({ 'svd:qualityChecks': 'likeness=fail,seam=off' })).toEqual([
      "  svd:qualityChecks: got 'seam=off'; must be CHECK=SEVERITY, such as likeness=fail; checks are non-finite, " +
        'black, blank, frozen, seams, likeness, container; severities are off, warn, fail',
    ])
    expect(faultsOf({ 'svd:qualityChecks': ['seams=off', 'seams=fail'] })).toEqual([
      '  svd:qualityChecks: got ["seams=off","seams=fail"]; must name each check once at most',
    ])
  })
})
