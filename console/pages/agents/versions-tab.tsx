import type { AgentVersion } from '../../api/answers.ts'
import { pathOf, post, send } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import { navigate } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { attempt } from '../../base/toasts.tsx'
import { confirmed } from '../../parts/confirm-dialog.tsx'
import { Section } from '../../parts/facts.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Ago } from '../../parts/time.tsx'
import type { AgentTab } from './agent-tab.ts'
import { Compare } from './compare.tsx'

/** Every version there is, what may be done with each, and what differs between two of them. */
export function VersionsTab({ agent, versions, reload }: AgentTab) {
  const { id, current } = agent
  const pathTo = (version: string, ...more: string[]): string => pathOf('agents', id, 'versions', version, ...more)

  const publish = async (version: string): Promise<void> => {
    if (await attempt(() => post(pathTo(version, 'publish')), `${id} ${version} is published`)) reload()
  }
  const deprecate = async (version: string): Promise<void> => {
    const text = 'It is out of service for good: its triggers route no more, and its instances finish on it.'
    const yes = await confirmed({ title: `Deprecate ${id} ${version}?`, text, action: 'Deprecate', danger: true })
    if (yes === undefined) return
    if (await attempt(() => post(pathTo(version, 'deprecate')), `${id} ${version} is deprecated`)) reload()
  }
  const remove = async (version: string): Promise<void> => {
    const text = 'Its text is gone then. Nothing runs on a draft.'
    const yes = await confirmed({ title: `Delete the draft ${version}?`, text, action: 'Delete', danger: true })
    if (yes === undefined) return
    if (!(await attempt(() => send('DELETE', pathTo(version)), `The draft ${version} is gone`))) return
    // With its only version an agent is gone itself.
    if (versions.length === 1) navigate('/agents')
    else reload()
  }
  return (
    <div class="versions">
      <ul class="version-list">
        {versions.map(({ version, status, createdAt, publishedAt }: AgentVersion) => (
          <li key={version} data-version={version}>
            <a
              class="mono"
              href={`/agents/${encodeURIComponent(id)}?tab=definition&version=${encodeURIComponent(version)}`}
            >
              {version}
            </a>
            <span class="version-state">
              <StateBadge state={status} />
              {version === current && <StateBadge state="current" tone="ok" />}
            </span>
            <span class="muted small">
              made <Ago at={createdAt} />
              {publishedAt !== null && (
                <>
                  , published <Ago at={publishedAt} />
                </>
              )}
            </span>
            <span class="version-buttons">
              {may('operator') && status === 'draft' && (
                <>
                  <button type="button" class="button primary" onClick={() => void publish(version)}>
                    Publish
                  </button>
                  <button type="button" class="button danger" onClick={() => void remove(version)}>
                    Delete
                  </button>
                </>
              )}
              {may('operator') && status === 'published' && (
                <button type="button" class="button" onClick={() => void deprecate(version)}>
                  Deprecate
                </button>
              )}
              <a class="button" href={pathTo(version, 'export')} download aria-label={`Export ${version}`}>
                <Icon name="download" size={14} /> Export
              </a>
            </span>
          </li>
        ))}
      </ul>
      <Section title="Compare">
        {versions.length < 2 ? (
          <p class="muted">There is one version only. Edit it under Definition: what you save is the next one.</p>
        ) : (
          <Compare id={id} versions={versions} current={current} />
        )}
      </Section>
    </div>
  )
}
