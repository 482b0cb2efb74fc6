import type { Diagnosis } from '../../domain/run.ts';
import { plain } from './text.ts';

/** Why Drone makes no build, each in words of its own: four of them come as the same 404. */
type Reason =
  | 'no_drone_yml'
  | 'no_matching_pipeline'
  | 'repository_inactive'
  | 'repository_unknown'
  | 'no_permission'
  | 'commit_unknown'
  | 'not_found';

const TEXTS: Readonly<Record<Reason, readonly [headline: string, hint: string]>> = {
  no_drone_yml: [
    'there is no .drone.yml at this commit',
    'Drone looked for it three times. Add the file to the branch (or whatever path the settings of the repository in Drone name), or give the suite another runner in .signalbox.yml.',
  ],
  no_matching_pipeline: [
    'no pipeline of .drone.yml matches a custom build',
    'Builds that are asked for by API have the event custom. Where a pipeline has a trigger with event, add custom to it, and check its branch and ref as well.',
  ],
  repository_inactive: [
    'the repository is not active in Drone',
    'Drone knows it, but nobody has ever activated it. An administrator of the repository does that in Drone, on the settings page of the repository.',
  ],
  repository_unknown: [
    'Drone does not know this repository',
    'Either it was never synchronised, or the account of the Drone token may not see it. Press Sync in Drone, and check that the account has access on the forge.',
  ],
  no_permission: [
    'the Drone token may not start builds of this repository',
    'Its account needs write access on the forge and then one Sync in Drone; a machine user has to be an administrator of Drone.',
  ],
  commit_unknown: [
    'Drone cannot find this commit',
    'The forge does not show it to the account that activated the repository in Drone. Check that the branch still holds it, and that this account still has access.',
  ],
  not_found: [
    'Drone does not find what the build needs',
    'One of these is missing: the repository in Drone, write access of the account of the Drone token, the branch, or the commit.',
  ],
};

/** `said` is Drone's own message, shown when it adds something. */
export function rejectionOf(reason: Reason, said?: string): { readonly rejected: Diagnosis } {
  const [headline, hint] = TEXTS[reason];
  const quote =
    said === undefined || /^not found$/i.test(said) ? '' : ` Drone says: ${plain(said)}.`;
  return {
    rejected: {
      code: `drone.${reason}`,
      class: 'configuration',
      headline,
      hint: `${hint}${quote}`,
    },
  };
}
