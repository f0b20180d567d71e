import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { MUTATIONS } from '../../chaos/mutations.ts'

describe('a protection that is taken away', () => {
  it.each(MUTATIONS.map((mutation) => [mutation.protection, mutation] as const))(
    'is where it is looked for: %s',
    async (_, mutation) => {
      for (const { file, from, to } of mutation.edits) {
        const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
        expect(
          text.replace(from, () => to),
          `${file}: ${String(from)}`,
        ).not.toBe(text)
      }
    },
  )
})
