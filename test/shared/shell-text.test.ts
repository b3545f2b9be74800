import { execa } from 'execa'
import { expect, test } from 'vitest'
import { shellWord } from '../../shared/shell-text.ts'

test.each(['in/a-1.tif', 'a b.tif', "it's.tif", '$(x) `y` "z" \\.tif', 'é.tif', 'a.tif[0]', ''])(
  'a shell reads shellWord(%j) as the same text',
  async (text) => {
    const { stdout } = await execa('sh', ['-c', `printf %s ${shellWord(text)}`])
    expect(stdout).toBe(text)
  },
)

test('shellWord returns a plain name unchanged', () => {
  expect(shellWord('in/photo-1.tif')).toBe('in/photo-1.tif')
})
