import { describe, expect, test } from 'vitest'
import { readConfig } from '../../../infra/config/read-config.ts'
import { faultsOf } from './faults-of.ts'

describe('the configuration of a deployment', () => {
  test('is refused when it has a budget and an instance type without a known price', () => {
    const context = { 'svd:instanceTypes': 'g7e.2xlarge:1:8:64', 'svd:maxUsdPerDay': '20' }
    expect(faultsOf(context)).toEqual([
      '  svd:usdPerMachineHour: must be given with maxUsdPerDay, because svd has no price of g7e.2xlarge:1:8:64',
    ])
    expect(faultsOf({ ...context, 'svd:usdPerMachineHour': '4.1' })).toEqual([])
    expect(faultsOf({ 'svd:instanceTypes': 'g7e.2xlarge:1:8:64' })).toEqual([])
  })

  test('has instance types without a GPU for device cpu', () => {
    const ofTheDemo = { 'svd:device': 'cpu', 'svd:modelId': 'demo' }

    expect(readConfig(ofTheDemo).instanceTypes).toEqual(['c7i.xlarge', 'm7i.xlarge', 'c7a.xlarge'])
    expect(readConfig({ 'svd:device': 'cpu', 'svd:instanceTypes': 'm7i.4xlarge' }).instanceTypes).toEqual([
      'm7i.4xlarge',
    ])
  })

  test('is refused when instance types of device cpu differ in vCPUs and thus in workers', () => {
    const ofTheDemo = { 'svd:device': 'cpu', 'svd:modelId': 'demo' }

    expect(faultsOf({ ...ofTheDemo, 'svd:instanceTypes': 'c7i.xlarge,c7i.4xlarge' })).toEqual([
      expect.stringMatching(/instanceTypes: got .*; must all have the same number of vCPUs with device cpu/),
    ])
  })

  test('is refused when instance types of device cpu have too little memory for the default model', () => {
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
  ])('is refused when instance types or images do not fit the device: %j', (context, fault) => {
    expect(faultsOf(context)).toEqual([fault])
  })

  test('takes an instance type that svd does not list when the type is written with its sizes', () => {
    const instanceTypes = ['g6e.xlarge', 'g7e.2xlarge:1:8:64']

    expect(readConfig({ 'svd:instanceTypes': instanceTypes.join(',') })).toMatchObject({ instanceTypes })
  })

  test.each(['g7e.2xlarge', 'g7e.2xlarge:1:8', 'g7e.2xlarge:1:0:64', 'g7e:1:8:64', 'g7e.2xlarge:one:8:64'])(
    'is refused when an unlisted instance type lacks a size: %s',
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
  ])('is refused when no worker would start on an instance type: %s', (types, fault) => {
    expect(faultsOf({ 'svd:instanceTypes': types })).toEqual([`  svd:instanceTypes: got ${fault}`])
  })

  test.each([
    'p3.2xlarge:1:8:61',
    'g4ad.xlarge:1:4:16',
    'p6-b200.48xlarge:8:192:2048',
    'p6e-gb200.36xlarge:4:144:960',
  ])("is refused when the ONNX Runtime CUDA provider has no code for a type's GPU: %s", (type) => {
    expect(faultsOf({ 'svd:instanceTypes': type })).toEqual([
      expect.stringMatching(
        `svd:instanceTypes: got '${type}'; cannot be used: .* has no code; take a type with T4, `,
      ),
    ])
  })

  test('is refused when Spot or another instance type would leave a capacity reservation unused', () => {
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
  ])('is refused when a capacity reservation is outside the zones of the deployment: %j', (zones, fault) => {
    const reserved = { 'svd:capacityReservationId': 'cr-0a1b2c3d', 'svd:instanceTypes': 'g6e.xlarge' }

    expect(faultsOf({ ...reserved, 'svd:onDemandPercent': '100', ...zones })).toEqual([fault])
  })

  test('is refused when instance types differ in their number of GPUs', () => {
    expect(faultsOf({ 'svd:instanceTypes': 'g6.xlarge,p4d.24xlarge' })).toEqual([
      "  svd:instanceTypes: got 'g6.xlarge,p4d.24xlarge'; must all have the same number of GPUs: a fleet is counted in instances",
    ])
  })
})
