import { describe, expect, test } from 'vitest'
import { runAwsCheck } from '../../../worker/preflight/aws-check.ts'
import { type Finding, fail, ok } from '../../../worker/preflight/check.ts'

const never = new AbortController().signal
const anError = (name: string, message: string) => Object.assign(new Error(message), { name })

const checkThat = (probe: (signal: AbortSignal) => Promise<Finding>) =>
  runAwsCheck({ name: 'input', action: 's3:ListBucket', probe }, never)

describe('an AWS check', () => {
  test('returns the finding of its probe', async () => {
    expect(await checkThat(async () => ok('there'))).toEqual({
      ...{ name: 'input', status: 'ok', found: 'there', fix: null },
    })
  })

  test('is a warning that names the IAM action when the caller lacks that right', async () => {
    const denied = anError('AccessDenied', 'User: ada is not authorized')
    expect(await checkThat(() => Promise.reject(denied))).toEqual({
      ...{ name: 'input', status: 'warn' },
      found: 'skipped: no right to s3:ListBucket (User: ada is not authorized)',
      fix: 'allow s3:ListBucket, or run the check with a role that may',
    })
  })

  test('fails after its time limit when its probe does not answer', async () => {
    const probe = () => new Promise<Finding>(() => {})
    expect(await runAwsCheck({ name: 'input', action: 's3:ListBucket', probe }, never, 5)).toEqual({
      ...{ name: 'input', status: 'fail' },
      found: 'no answer: nothing within 0.005 s',
      fix: 'check the network, the region and AWS_ENDPOINT_URL',
    })
  })

  test('reports an error by its own explanation where it has one', async () => {
    const explain = (kind: string, said: string) => fail(`${kind}: ${said}`, 'push it')
    const probe = () => Promise.reject(anError('NotFound', 'UnknownError'))
    expect(await runAwsCheck({ name: 'model', action: 's3:GetObject', explain, probe }, never)).toEqual({
      ...{ name: 'model', status: 'fail', found: 'absent: NotFound', fix: 'push it' },
    })
  })

  test('escapes terminal control characters in an error message', async () => {
    const { found } = await checkThat(() => Promise.reject(new Error('\u001b[2Jgone')))
    expect(found).toBe('\\u001b[2Jgone')
  })

  test('rejects with the reason of its signal when that aborts', async () => {
    const controller = new AbortController()
    const checking = runAwsCheck(
      { name: 'input', action: 's3:ListBucket', probe: () => new Promise<Finding>(() => {}) },
      controller.signal,
    )
    controller.abort(new Error('Ctrl-C'))
    await expect(checking).rejects.toThrow('Ctrl-C')
  })
})
