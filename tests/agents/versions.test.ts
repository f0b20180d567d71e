import { describe, expect, it } from 'vitest'
import {
  compareVersions,
  contentHash,
  isRange,
  latestPublished,
  nextState,
  resolveRange,
} from '../../actors/agents/format/versions.ts'

describe('versions', () => {
  it('takes the highest published version for the latest, not the newest row and not a draft', () => {
    const rows = [
      { version: '1.10.0', state: 'published' },
      { version: '1.9.0', state: 'published' },
      { version: '2.0.0', state: 'draft' },
      { version: '1.11.0', state: 'deprecated' },
    ] as const
    expect(latestPublished(rows)).toBe('1.10.0')
    expect(latestPublished([])).toBeUndefined()
    expect(resolveRange('latest', rows)).toBe('1.10.0')
    expect(resolveRange('>=1.0.0 <1.10', rows)).toBe('1.9.0')
    expect(resolveRange('^2', rows)).toBeUndefined()
    expect(resolveRange('nonsense range', rows)).toBeUndefined()
  })

  it('orders by semver precedence', () => {
    expect(['1.10.0', '1.2.0', '1.10.0-beta'].sort(compareVersions)).toEqual(['1.2.0', '1.10.0-beta', '1.10.0'])
    expect(isRange('>=1.0.0 <2') && isRange('latest') && !isRange('one')).toBe(true)
  })

  it('goes from draft to published to deprecated and never back', () => {
    expect(nextState('draft', 'publish')).toBe('published')
    expect(nextState('published', 'publish')).toBe('published')
    expect(nextState('published', 'deprecate')).toBe('deprecated')
    expect(nextState('deprecated', 'deprecate')).toBe('deprecated')
    expect(nextState('deprecated', 'publish')).toBeUndefined()
    expect(nextState('draft', 'deprecate')).toBeUndefined()
  })

  it('takes comments and spaces for content', () => {
    expect(contentHash('a: 1 # why\n')).not.toBe(contentHash('a: 1\n'))
    expect(contentHash('a')).toBe('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb')
  })
})
