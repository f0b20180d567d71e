import { readFile, writeFile } from 'node:fs/promises'
import { definitionSchemaText, withFieldTable } from '../actors/agents/format/definition-schema.ts'

// Writes what is generated from the definition's schema; tests/agents/definition-schema.test.ts fails when it is stale.
const schemaFile = new URL('../agent-templates/agent.schema.json', import.meta.url)
const docsFile = new URL('../docs/agent-yaml-schema.md', import.meta.url)

await writeFile(schemaFile, definitionSchemaText())
await writeFile(docsFile, withFieldTable(await readFile(docsFile, 'utf8')))
