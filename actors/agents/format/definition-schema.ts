import { z } from 'zod'
import { AgentDefinition } from './definition.ts'

/** What of JSON Schema the generated document uses. */
const SchemaNode = z.looseObject({
  $ref: z.string().optional(),
  type: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  required: z.array(z.string()).optional(),
  get properties() {
    return z.record(z.string(), SchemaNode).optional()
  },
  get items() {
    return SchemaNode.optional()
  },
  get anyOf() {
    return z.array(SchemaNode).optional()
  },
})
type SchemaNode = z.infer<typeof SchemaNode>

/** The JSON Schema (draft 7, which editors know best) of a definition as written, ending in a newline. */
export function definitionSchemaText(): string {
  const schema = z.toJSONSchema(AgentDefinition, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) jsonSchema.patternProperties = { '^x-': {} }
    },
  })
  return `${JSON.stringify({ title: 'Troupe agent definition', ...schema }, null, 2)}\n`
}

/** The reference table of docs/agent-yaml-schema.md: one line a field, in the order of the schema. */
function fieldTable(): string {
  const root = SchemaNode.parse(JSON.parse(definitionSchemaText()))
  const rows = rowsOf(root, '').map(
    ({ path, kind, fallback, meaning }) => `| \`${path}\` | ${kind} | ${fallback} | ${meaning} |`,
  )
  return ['| field | type | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** Puts the table between its two markers; throws when they are gone. */
export function withFieldTable(page: string): string {
  const [before, rest] = page.split('<!-- fields -->')
  const after = rest?.split('<!-- /fields -->')[1]
  if (before === undefined || after === undefined)
    throw new Error('The page has no <!-- fields --> and <!-- /fields --> markers')
  return `${before}<!-- fields -->\n${fieldTable()}\n<!-- /fields -->${after}`
}

interface Row {
  path: string
  kind: string
  fallback: string
  meaning: string
}

function rowsOf(node: SchemaNode, base: string): Row[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, member]) => {
    const path = base === '' ? key : `${base}.${key}`
    const fallback = node.required?.includes(key) ? 'required' : fallbackOf(member)
    const row = { path, kind: kindOf(member), fallback, meaning: escape(member.description ?? '') }
    const inner = member.items?.properties ? rowsOf(member.items, `${path}[]`) : rowsOf(member, path)
    return [row, ...inner]
  })
}

function fallbackOf(node: SchemaNode): string {
  return node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``
}

function kindOf(node: SchemaNode): string {
  if (node.enum) return node.enum.map(String).join(' \\| ')
  if (node.const !== undefined) return JSON.stringify(node.const)
  if (node.anyOf) return node.anyOf.map(kindOf).join(' or ')
  if (node.type === 'array') return `list of ${node.items ? kindOf(node.items) : 'anything'}`
  if (node.type === 'object') return 'map'
  if (node.type === 'string') return 'text'
  return node.type ?? (node.$ref !== undefined || node.allOf !== undefined ? 'map' : 'anything')
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '\\<')
}
