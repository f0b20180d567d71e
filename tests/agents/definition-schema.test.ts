import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { definitionSchemaText, withFieldTable } from '../../actors/agents/format/definition-schema.ts'

const text = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

describe('what is generated from the schema', () => {
  it('is up to date: run cli/schema.ts after a change', async () => {
    expect(await text('agent-templates/agent.schema.json')).toBe(definitionSchemaText())
    const page = await text('docs/agent-yaml-schema.md')
    expect(page).toBe(withFieldTable(page))
  })

  it('refuses unknown keys and allows x-* for editors too', () => {
    const schema: unknown = JSON.parse(definitionSchemaText())
    expect(schema).toMatchObject({
      additionalProperties: false,
      patternProperties: { '^x-': {} },
      required: ['metadata'],
      properties: { triggers: { items: { additionalProperties: false } } },
    })
  })
})
