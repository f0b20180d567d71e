/** One stored row that is not what the runtime wrote. */
export interface Damage {
  name: string
  column:
    | 'snapshot'
    | 'value'
    | 'machine_hash'
    | 'version'
    | 'status'
    | 'kind'
    | 'parent'
    | 'root'
    | 'team'
    | 'revision'
    | 'parked'
  value: string | number | null
  /** What may become of its actor when it gets mail. */
  becomes: readonly string[]
}

const WHOLE = {
  status: 'active',
  value: 'a',
  context: { n: 0 },
  tags: [],
  historyValue: {},
  children: {},
  output: null,
  error: null,
}
const STOPS = ['parked']
const ANY = ['parked', 'active', 'dead letter', 'done', 'error', 'stopped']

/** A member of the snapshot, and what stands in its place. */
const MEMBERS: readonly [name: string, values: readonly unknown[], becomes: readonly string[]][] = [
  [
    'value',
    [
      undefined,
      null,
      0,
      true,
      '',
      'nowhere',
      'a.b',
      '__proto__',
      'constructor',
      [],
      ['a'],
      {},
      { a: 'b' },
      { nowhere: 'a' },
      { a: null },
    ],
    STOPS,
  ],
  ['context', [undefined, null, 0, 'text', [], { n: 'text' }, { xstate$$type: 1, id: 'ghost' }], ANY],
  ['status', [undefined, null, 0, 'sleeping', 'done', 'error', 'stopped', {}], ANY],
  [
    'children',
    [
      undefined,
      null,
      0,
      'x',
      [],
      { ghost: null },
      { ghost: 0 },
      { ghost: {} },
      { ghost: { src: 'nobody', address: 'nobody/1' } },
      { ghost: { src: 1, address: {} } },
    ],
    ANY,
  ],
  ['historyValue', [undefined, null, 0, 'x', [], { 'thing.a': null }, { 'thing.a': [{ id: 'nowhere' }] }], ANY],
  ['tags', [undefined, null, 0, 'x', {}, [0]], ANY],
]

/** Class 18: what stands in the table is not what was written there. */
export function damages(): Damage[] {
  const json = (name: string, value: unknown, becomes: readonly string[]): Damage => ({
    name,
    column: 'snapshot',
    value: JSON.stringify(value),
    becomes,
  })
  return [
    ...[null, 0, true, 'text', [], {}, [WHOLE], { status: 'active' }].map((value) =>
      json(`the snapshot is ${JSON.stringify(value)}`.slice(0, 60), value, STOPS),
    ),
    ...MEMBERS.flatMap(([member, values, becomes]) =>
      values.map((value) => json(`${member} is ${JSON.stringify(value)}`, { ...WHOLE, [member]: value }, becomes)),
    ),
    json('a member too many', { ...WHOLE, nobody: 1 }, ANY),
    json('1,000 levels of context', { ...WHOLE, context: nested(1_000) }, ANY),
    { name: 'the column value lies', column: 'value', value: '"nowhere"', becomes: ANY },
    { name: 'another hash', column: 'machine_hash', value: 'x', becomes: ['active'] },
    { name: 'no hash', column: 'machine_hash', value: '', becomes: ['active'] },
    { name: 'another version', column: 'version', value: '99', becomes: ['active'] },
    { name: 'no version', column: 'version', value: '', becomes: ['active'] },
    // Its mail waits for a worker that has the machine.
    { name: 'a kind nobody has', column: 'kind', value: 'ghost', becomes: ['active'] },
    { name: 'a parent that is not there', column: 'parent', value: 'ghost/1', becomes: ANY },
    { name: 'a root that is not there', column: 'root', value: 'ghost/1', becomes: ANY },
    { name: 'a team nobody is in', column: 'team', value: 'ghosts', becomes: ANY },
    { name: 'done before its time', column: 'status', value: 'done', becomes: ['done'] },
    { name: 'stopped before its time', column: 'status', value: 'stopped', becomes: ['stopped'] },
    { name: 'a revision of long ago', column: 'revision', value: 1, becomes: ANY },
    { name: 'a revision to come', column: 'revision', value: 7, becomes: ANY },
    { name: 'parked in words of its own', column: 'parked', value: '{"why":1}', becomes: ANY },
  ]
}

function nested(levels: number): unknown {
  return Array.from({ length: levels }).reduce((inner) => ({ inner }), {})
}
