// Every bound of Spine in one file, and the worst case of memory they add up to.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace spine::limits {

static_assert(std::endian::native == std::endian::little, "the journal format is little-endian");

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

// ---- journal
// Fills 16 overflow pages of LMDB (4096 B each, minus the 16 B page header) exactly.
inline constexpr std::size_t kBlockBytes = 65520;
// A record too large for a block is a block of its own.
inline constexpr std::size_t kLargeBlockBytesMax = 32 * kMiB;
#if defined(__SANITIZE_THREAD__)
// ThreadSanitizer leaves an application about 1.5 TiB of addresses in all.
inline constexpr std::size_t kJournalMapBytes = std::size_t{1} << 36;
inline constexpr std::size_t kIndexMapBytes = std::size_t{1} << 34;
#else
inline constexpr std::size_t kJournalMapBytes = std::size_t{1} << 40;
inline constexpr std::size_t kIndexMapBytes = std::size_t{1} << 38;
#endif
inline constexpr std::size_t kSpaceAheadBytes = 64 * kMiB;     // posix_fallocate ahead of use
inline constexpr std::size_t kSpaceReservedBytes = 16 * kMiB;  // for events that close what is open
inline constexpr std::size_t kLostSnapshotsKept = 8;           // set aside by --accept-loss
// In all, spread over the journal, so that any moment of the past is near one. Worst case on disk:
// this many times kStateBytesMax, about 15 GiB; 1 MB each is usual.
inline constexpr std::size_t kSnapshotsKept = 16;
inline constexpr std::size_t kSnapshotsNewestKept = 3;  // of them; never thinned
inline constexpr std::uint64_t kSnapshotEveryEvents = 1'000'000;
inline constexpr std::uint64_t kDigestEveryEvents = 1'000'000;

inline constexpr std::size_t kVerifyBytesPerSecond = 4 * kMiB;  // read again in the background

// ---- core tables
inline constexpr std::uint32_t kSessionsMax = 65'536;
inline constexpr std::uint32_t kPrincipalsMax = 131'072;
inline constexpr std::uint32_t kRunsOpenMax = 65'536;  // queued, delayed or running
// Sessions that were rewound or forked, and the text that lists of which parts the history of one
// consists.
inline constexpr std::uint32_t kHistoriesMax = 8'192;
inline constexpr std::size_t kHistoryPartsBytesMax = 1'024;
inline constexpr std::uint32_t kRunsPerSessionMax = 64;    // waiting behind the running one
inline constexpr std::uint32_t kRunsFinishedKept = 4'096;  // for agent.wait and repeats
inline constexpr std::uint32_t kDelayedRunsPerPrincipalMax = 32;
inline constexpr std::uint32_t kBurstsMax = 1'024;     // turns that wait for further messages
inline constexpr std::size_t kBurstMessagesMax = 31;   // behind the first one
inline constexpr std::uint64_t kBurstWindowsMax = 10;  // times the wait of one message
inline constexpr std::uint32_t kDebounceMsMax = 60'000;
inline constexpr std::uint32_t kDuplicatesMax = 1U << 20;
inline constexpr std::uint64_t kDuplicateYoungMs = 7ULL * 24 * 3600 * 1000;
inline constexpr std::uint32_t kIdempotencyKeysMax = 100'000;
inline constexpr std::uint64_t kIdempotencyMs = 24ULL * 3600 * 1000;
inline constexpr std::uint32_t kRejectionsPerMinute = 60;  // journalled; beyond that counted
inline constexpr std::size_t kBindingsMax = 4'096;
inline constexpr std::size_t kChannelsMax = 256;
inline constexpr std::size_t kAgentsMax = 256;
inline constexpr std::uint32_t kDeadlinesPerTurnMax = 1'024;
inline constexpr std::uint32_t kDevicesMax = 1'024;
inline constexpr std::uint32_t kPairingRequestsMax = 256;
inline constexpr std::uint32_t kPairingRequestsPerAccountMax = 3;  // of senders, live
inline constexpr std::uint64_t kPairingMs = 3600ULL * 1000;
inline constexpr std::size_t kAdminsToldMax = 16;  // of one request, on channels
inline constexpr std::uint32_t kPairedSendersMax = 16'384;
inline constexpr std::size_t kRefusedConnectsMax = 64;   // kinds of them, of one ConnectsRefused
inline constexpr std::size_t kZoneTransitionsMax = 128;  // of one ZoneRules
inline constexpr std::size_t kGroupsMax = 4'096;         // channels.*.groups, of all channels

// ---- core tables of channels and deliveries
inline constexpr std::uint32_t kChannelAccountsMax = 256;    // that the gateway delivers to
inline constexpr std::uint32_t kDeliveriesMax = 65'536;      // that wait, or are dead letters
inline constexpr std::uint32_t kSendsKept = 16'384;          // whose keys and outcomes are known
inline constexpr std::uint32_t kDeadLettersKept = 4'096;     // then the oldest makes room
inline constexpr std::uint32_t kDeliveriesInFlightMax = 64;  // given to one account at a time
inline constexpr std::uint32_t kMigrationsMax = 1'024;       // conversations with another id
inline constexpr std::size_t kPlatformIdsMax = 256;          // messages that one delivery became
inline constexpr std::uint64_t kDeliveryRetryMs = 5'000;     // after the first failure; doubled
inline constexpr std::uint32_t kPreviewsMax = 4'096;  // runs at work, shown as far as they are
inline constexpr std::size_t kPreviewTextBytesMax = 16 * kKiB;  // of one run, that is shown
inline constexpr std::size_t kPreviewTextsBytesMax = 4 * kMiB;  // of all runs at work
inline constexpr std::size_t kWorkEndedMax =
    1'024;  // runs remembered whose start is yet to be told
inline constexpr std::uint64_t kDeliveryRetryMsMax = 300'000;
inline constexpr std::uint64_t kDeliveryNotReadyMs = 1'000;      // until a channel is asked again
inline constexpr std::uint64_t kDeliveryNotReadyMsMax = 60'000;  // the same of one that waits long

// ---- core tables of what agents ask and of agents in quarantine
inline constexpr std::uint32_t kApprovalsMax = 256;  // that wait for an answer
inline constexpr std::uint32_t kApprovalsPerRunMax = 16;
inline constexpr std::uint32_t kAllowedToolsMax = 1'024;  // "always", for as long as a run lives
inline constexpr std::uint32_t kAllowedToolsPerRunMax = 16;
inline constexpr std::uint32_t kQuarantinedMax = 256;
inline constexpr std::uint32_t kRunsCollectedMax = 63;          // further messages of one run
inline constexpr std::size_t kApprovalTextBytesMax = 4 * kKiB;  // title, detail, cwd: each
inline constexpr std::size_t kApprovalOptionsMax = 16;

// ---- text of inputs, bytes of UTF-8
inline constexpr std::size_t kKeyBytesMax = 512;   // session keys, principal keys
inline constexpr std::size_t kNameBytesMax = 256;  // ids and names from outside
inline constexpr std::size_t kIdempotencyKeyBytesMax = 128;
inline constexpr std::size_t kThinkingLevelBytesMax = 32;
inline constexpr std::size_t kModelBytesMax = 128;
inline constexpr std::size_t kPublicKeyBytes = 32;         // Ed25519
inline constexpr std::size_t kTokenHashBytes = 32;         // SHA-256
inline constexpr std::size_t kAgentSessionBytesMax = 128;  // an agent's name of a conversation
inline constexpr std::size_t kScopesBytesMax = 512;        // of one device, joined with ","
inline constexpr std::size_t kTextBytesMax = 8 * kMiB;     // one message, one reply
inline constexpr std::size_t kAttachmentsMax = 64;
inline constexpr std::size_t kAttachmentTextBytesMax = 8 * kKiB;  // its name, its address
// Of a platform: the last one of the year 9999.
inline constexpr std::int64_t kTimestampMsMax = 253'402'300'799'999;

// ---- text of channels: what of a Markdown text is still read as Markdown
inline constexpr std::size_t kMarkdownBytesMax = 64 * kMiB;    // a longer text is none
inline constexpr std::size_t kMarkdownDepthMax = 32;           // containers opened by one line
inline constexpr std::size_t kMarkdownIndentColumnsMax = 100;  // before the marker of one
inline constexpr std::size_t kMarkdownBracketsMax = 1'000;     // "[", of a paragraph
inline constexpr std::size_t kMarkdownUrlsMax = 250;           // bare ones, of a paragraph
inline constexpr std::size_t kMarkdownColumnsMax = 128;        // "|", of a line
inline constexpr std::size_t kMarkdownEventsPerByte = 8;       // of the source, and
inline constexpr std::size_t kMarkdownEventsAtLeast = 16 * kKiB;
inline constexpr std::size_t kMarkdownMarksMax = 12;  // that are open at one place
inline constexpr std::size_t kLinkUnitsMax = 1'024;   // a longer URL is text
inline constexpr std::size_t kFenceRunMax = 32;       // characters of a fence
inline constexpr std::size_t kFenceLanguageBytesMax = 32;
inline constexpr std::size_t kTableColumnWidthMax = 60;  // a longer cell stands out
inline constexpr std::size_t kListIndentsMax = 8;        // deeper lists are shown as deep as this
// Of one piece: a lower limit of a platform or a setting is raised to this.
inline constexpr std::size_t kPieceUnitsMin = 128;

// ---- pipeline
inline constexpr std::size_t kIngressBlockBytes = 256 * kKiB;  // inputs of one service turn
inline constexpr std::size_t kIngressBlocksPerProducer = 48;
inline constexpr std::size_t kDrainBytesMax = 4 * kMiB;  // inputs of one commit
inline constexpr std::size_t kOutBlockBytes = 256 * kKiB;
inline constexpr std::size_t kOutBlocksPerConsumer = 64;
inline constexpr std::size_t kTurnOutputBytesMax = 8 * kMiB;  // of the engine, before it commits
// Results of agents that wait for room on the disk; beyond it the engine takes no inputs.
inline constexpr std::size_t kPostponedBytesMax = 32 * kMiB;
inline constexpr std::size_t kHistoryMessagesMax = 1'000;  // chat.history limit
inline constexpr std::size_t kHistoryBytesMax = 6 * kMiB;
inline constexpr std::size_t kGapBytesMax = kMiB;     // of events in one page of a resume
inline constexpr std::size_t kJournalStreamsMax = 4;  // journal.subscribe, of all connections
inline constexpr std::size_t kJournalPagesMax = 64;   // asked for, also by streams that ended
inline constexpr std::size_t kJournalPageBytesMax = 256 * kKiB;
inline constexpr std::size_t kJournalBodyBytesMax = 64 * kKiB;  // a longer one is left out
inline constexpr std::size_t kRecentBytesMax = 8 * kMiB;  // live events, while a client resumes
inline constexpr std::size_t kPreviewsAtOnceMax = 8;
inline constexpr std::size_t kPreviewBytesMax = 4 * kMiB;  // beyond it the rest is left out
inline constexpr std::size_t kGapBlocksMax = 256;          // looked at for one page

// ---- connections
inline constexpr std::uint32_t kConnectionsMax = 16'384;
inline constexpr std::size_t kFrameBytesBeforeHelloMax = 64 * kKiB;
inline constexpr std::size_t kFrameBytesMax = 26'214'400;        // policy.maxPayload
inline constexpr std::size_t kBufferedBytesMax = 52'428'800;     // policy.maxBufferedBytes
inline constexpr std::size_t kBufferedBytesAllMax = 256 * kMiB;  // of all connections together
inline constexpr std::uint32_t kJsonDepthMax = 64;
inline constexpr std::uint64_t kHandshakeMs = 15'000;
inline constexpr std::uint64_t kTickMs = 30'000;
inline constexpr std::uint64_t kPingMs = 25'000;
inline constexpr std::uint32_t kCallsPerSecond = 200'000;  // per connection, all methods
inline constexpr std::uint32_t kCallsBurst = 400'000;
// Queries to the engine: what one costs in calls of the rate limit above; how many of one
// connection may wait; how many are answered at once (an answer may be megabytes); and how many of
// all connections may wait for that.
inline constexpr std::uint32_t kCallsPerQuery = 100;
inline constexpr std::uint32_t kQueriesPerConnectionMax = 1'024;
inline constexpr std::size_t kQueriesAtOnceMax = 16;
inline constexpr std::size_t kAnswerBacklogBytesMax = 8 * kMiB;  // unsent; beyond it queries wait
inline constexpr std::size_t kQueriesWaitingMax = 16'384;
inline constexpr std::size_t kHttpBodyBytesMax = 256 * kKiB;
inline constexpr std::size_t kHttpHeadBytesMax = 8 * kKiB;  // request line and fields
inline constexpr std::uint64_t kHttpHeadMs = 10'000;        // to send them in
// A text that is pushed is cut to this; the rest is fetched with chat.history.
inline constexpr std::size_t kPushTextBytesMax = 64 * kKiB;
inline constexpr std::size_t kOutboundUrlBytesMax = 8 * kKiB;
inline constexpr std::size_t kConnectionBytes = 16 * kKiB;     // one that is idle, measured
inline constexpr std::size_t kPartialBytesAllMax = 96 * kMiB;  // messages still coming in
inline constexpr std::size_t kJsonSeparatorsMax = 2'000'000;   // commas, colons, [ of one frame
inline constexpr std::size_t kSubscribedKeysMax = 1'024;       // of one connection
inline constexpr std::size_t kSubscribedKeysAllMax = 32'768;   // of all connections
inline constexpr std::size_t kPresenceListedMax = 256;
inline constexpr std::size_t kWaitersMax = 65'536;  // requests until a run ends
inline constexpr std::size_t kWaitersPerConnectionMax = 1'024;
inline constexpr std::size_t kSendWaitersMax = 4'096;  // requests until a delivery has an outcome
inline constexpr std::size_t kSendWaitersPerConnectionMax = 256;
inline constexpr std::size_t kLiveTextBytesMax = 256 * kKiB;  // of one answer being written
inline constexpr std::size_t kLiveTextBytesAllMax = 32 * kMiB;
// A connection with a larger send backlog gets no text deltas until half of this is left.
inline constexpr std::size_t kDeltaBacklogBytesMax = kMiB;

// ---- calls to others over HTTP, of one client
inline constexpr std::size_t kOutboundClientsMax = 2;  // channels; webhooks
inline constexpr std::size_t kOutboundCallsMax = 16;   // at once
inline constexpr std::size_t kOutboundCallsPerHostMax = 8;
inline constexpr std::size_t kOutboundOwnCallsMax = 32;         // besides: long polls
inline constexpr std::size_t kOutboundIdleConnectionsMax = 16;  // kept for the next call
inline constexpr std::size_t kOutboundIdleSeconds = 20;         // then such a one is not used again
inline constexpr std::size_t kOutboundQueuedMax = 256;          // calls that wait for their turn
// Bodies of requests that wait or run, and of answers until they are handed over.
inline constexpr std::size_t kOutboundBufferedBytesMax = 4 * kMiB;
inline constexpr std::size_t kOutboundHeadBytesMax = 32 * kKiB;       // fields of one answer
inline constexpr std::size_t kOutboundFieldBytes = 100 * kKiB;        // one of them, in libcurl
inline constexpr std::size_t kOutboundErrorBodyBytesMax = 64 * kKiB;  // of one not meant for a file
inline constexpr std::size_t kOutboundTransferBytes = 16 * kKiB;      // each way, in libcurl

// ---- approvals, as the net thread remembers them
inline constexpr std::size_t kApprovalsKnownMax = 128;     // the last ones that were resolved
inline constexpr std::size_t kApprovalWaitersMax = 1'024;  // requests until one is answered
inline constexpr std::size_t kApprovalWaitersPerConnectionMax = 64;

// ---- authentication and pairing
inline constexpr std::size_t kAuthAddressesMax = 16'384;  // with failed attempts counted
inline constexpr std::size_t kDeviceRequestsMax = 64;     // that wait to be approved
inline constexpr std::size_t kDeviceRequestsPerNetworkMax = 8;
inline constexpr std::uint64_t kDeviceRequestMs = 300'000;
inline constexpr std::uint64_t kRefusalsGatheredMs = 60'000;  // refused connects, in one event

// ---- agents
inline constexpr std::size_t kAgentMessageBytesMax = 4 * kKiB;     // why one ended, titles of tools
inline constexpr std::size_t kToolInlineBytesMax = 4 * kKiB;       // larger: BodyRecorded
inline constexpr std::size_t kToolBodyBytesMax = 256 * kKiB;       // of one BodyRecorded
inline constexpr std::uint32_t kToolCallsPerRunMax = 10'000;       // then the run is ended
inline constexpr std::size_t kToolBytesPerRunMax = 64 * kMiB;      // beyond it digests alone
inline constexpr std::uint32_t kAgentAsksPerRunMax = 1'000;        // likewise: permissions asked
inline constexpr std::uint32_t kAgentBindsPerRunMax = 64;          // likewise: AgentSessionBound
inline constexpr std::uint64_t kDeltaMergeMs = 100;                // text deltas are merged
inline constexpr std::size_t kAgentInputBytesMax = 32 * kMiB;      // that wait to be read by one
inline constexpr std::size_t kStickySessionsMax = 16'384;          // of one agent
inline constexpr std::size_t kPromptsWaitingBytesMax = 16 * kMiB;  // with images, of all agents

// ---- what agents write
inline constexpr std::uint32_t kAgentOddLinesMax = 32;          // malformed, between two answers
inline constexpr std::uint32_t kAgentSkippedLinesMax = 10'000;  // of unknown kinds
inline constexpr std::size_t kAgentAsksMax = 64;                // open questions of one process
inline constexpr std::size_t kAgentConversationsMax = 4'096;    // one process is known to have
inline constexpr std::size_t kAgentCallsOpenMax = 1'024;        // tools in use, of one run
inline constexpr std::size_t kAgentFileBytesMax = 8 * kMiB;     // read or written for an agent
inline constexpr std::size_t kFileThreads = 2;           // that read and write files for agents
inline constexpr std::size_t kFileJobsPerAgentMax = 64;  // waiting; then its output is not read
inline constexpr std::uint64_t kLateUpdatesMs = 1'000;   // of a turn, after its response

// ---- channels that are programs
inline constexpr std::uint32_t kProgramLineBytesMax = 32 * kMiB;  // of one line of its output
inline constexpr std::size_t kProgramInputBytesMax = 64 * kMiB;   // that wait to be read by one
inline constexpr std::uint32_t kProgramOddLinesMax = 32;          // in a row, then it is ended
inline constexpr std::uint64_t kProgramOutcomeMs = 120'000;       // of one delivery
inline constexpr std::uint64_t kProgramStopMs = 1'000;            // until SIGTERM, until SIGKILL

// ---- Telegram, of one account
inline constexpr std::size_t kTelegramUpdatesBytesMax = 2 * kMiB;  // of one answer
inline constexpr std::size_t kTelegramTextBytesMax = 4 * kMiB;     // of what is being sent
inline constexpr std::size_t kTelegramEntitiesMax = 256;           // looked at, of one message
inline constexpr std::size_t kTelegramMarkedBytesMax = 64 * kKiB;  // of a text with entities
inline constexpr std::size_t kTelegramTypingCallsMax = 2;          // at once, of what is cosmetic
inline constexpr std::size_t kTelegramPreviewCallsMax = 3;         // likewise
inline constexpr std::size_t kTelegramPreviewsEndedMax = 256;      // kept for their answers
inline constexpr std::size_t kTelegramAnswersMax = 256;            // presses yet to be answered

// ---- webhooks of channels
inline constexpr std::size_t kHookBodyBytesMax = kMiB;
inline constexpr std::size_t kHookBytesAllMax = 8 * kMiB;  // of all that are being received
inline constexpr std::size_t kHooksOpenMax = 64;
inline constexpr std::uint64_t kHookReadMs = 15'000;    // to send a request in
inline constexpr std::uint64_t kHookAnswerMs = 20'000;  // until the journal has it

// ---- sockets, from accept on
inline constexpr std::uint32_t kUnauthenticatedMax = 2'048;  // of all; then the oldest is cut
// Of those, with libwebsockets at one time: request head read, no hello yet.
inline constexpr std::uint32_t kHandshakesInLibraryMax = 64;
inline constexpr std::uint32_t kConnectionsPerAddressMax = 256;     // of one beyond loopback
inline constexpr std::uint32_t kUnauthenticatedPerAddressMax = 32;  // of one beyond loopback
// A stranger that waits outside the library, where its request stays in the kernel's buffer.
inline constexpr std::size_t kStrangerBytes = 2 * kKiB;
inline constexpr std::size_t kHttpChunkBytes = 16 * kKiB;      // of a file, per slow reader
inline constexpr std::size_t kTlsConnectionBytes = 24 * kKiB;  // one that is idle
inline constexpr std::size_t kUiIndexBytesMax = 1 * kMiB;      // index.html of the Control UI
inline constexpr std::uint64_t kUiFileBytesMax = 64 * kMiB;    // any other file of it

// ---- configuration
inline constexpr std::size_t kConfigBytesMax = 4 * kMiB;       // one file, and all it includes
inline constexpr std::size_t kConfigsKept = 8;                 // read one after the other
inline constexpr std::size_t kConfigTextBytesMax = 16 * kMiB;  // its strings with ${VAR} filled in
inline constexpr std::uint32_t kConfigValuesMax = 200'000;
inline constexpr std::uint32_t kConfigDepthMax = 64;
inline constexpr std::uint32_t kConfigIncludeDepthMax = 10;
inline constexpr std::size_t kConfigFindingsMax = 100;  // errors and warnings named
inline constexpr std::size_t kConfigAdminsMax = 256;
inline constexpr std::size_t kConfigOriginsMax = 256;
inline constexpr std::size_t kConfigProxiesMax = 256;
inline constexpr std::size_t kConfigPathsMax = 256;            // named, of one edit
inline constexpr std::size_t kConfigDiffBytesMax = 64 * kKiB;  // of one edit
inline constexpr std::size_t kDotEnvBytesMax = 256 * kKiB;     // one file
inline constexpr std::size_t kDotEnvVariablesMax = 4'096;

// ---- skills
inline constexpr std::size_t kSkillFileBytesMax = 256 * kKiB;        // one SKILL.md
inline constexpr std::size_t kSkillFrontMatterBytesMax = 32 * kKiB;  // the YAML in it
inline constexpr std::size_t kSkillYamlNodesMax = 4'096;             // aliases followed
inline constexpr std::uint32_t kSkillYamlDepthMax = 32;
inline constexpr std::uint32_t kSkillFolderDepthMax = 6;        // below a root
inline constexpr std::size_t kSkillsPerRootMax = 512;           // files looked at
inline constexpr std::size_t kSkillRootBytesMax = 16 * kMiB;    // of those files
inline constexpr std::size_t kSkillRootEntriesMax = 50'000;     // of all its folders
inline constexpr std::size_t kSkillRootLinksMax = 1'024;        // followed
inline constexpr std::size_t kSkillYamlBytesPerLookMax = kMiB;  // read anew, of agents' roots
inline constexpr std::uint64_t kSkillRestMsMax = 10'000;        // pause after a slow scan
inline constexpr std::size_t kSkillFoldersPerRootMax = 4'096;
inline constexpr std::size_t kSkillFolderEntriesMax = 10'000;   // of one folder
inline constexpr std::size_t kSkillsMax = 2'048;                // of all roots and agents
inline constexpr std::size_t kSkillFilesMax = 4'096;            // looked at, of all roots
inline constexpr std::size_t kSkillTextBytesAllMax = 4 * kMiB;  // what skills say of themselves
inline constexpr std::size_t kSkillFaultsMax = 1'000;           // named
inline constexpr std::size_t kSkillFaultsPerFileMax = 50;
inline constexpr std::size_t kSkillListMax = 64;        // of one requirement of a skill
inline constexpr std::size_t kSkillChangesMax = 64;     // named, of one SkillsChanged
inline constexpr std::size_t kSkillWatchesMax = 4'096;  // inotify
inline constexpr std::uint64_t kSkillPollMs = 60'000;   // scanned anew, notified or not
inline constexpr std::size_t kSkillEntriesMax = 1'024;  // skills.entries

// ---- media: files that came with messages, in <state-dir>/media
inline constexpr std::uint64_t kMediaFileBytesMax = 100 * kMiB;
inline constexpr std::uint64_t kMediaBytesMax = 4 * kKiB * kMiB;  // of all files, on the disk
inline constexpr std::size_t kMediaFilesMax = 100'000;
inline constexpr std::uint64_t kMediaSettleMs = 3600ULL * 1000;  // a younger file is not swept
// That the journal makes to files, counted once a session; beyond it nothing is swept.
inline constexpr std::size_t kMediaReferencesMax = 2 * kMediaFilesMax;
inline constexpr std::size_t kMediaReferenceBytes = 96;       // of memory
inline constexpr std::size_t kMediaLookBytesMax = 64 * kKiB;  // of a file, to tell what it is
inline constexpr std::size_t kMediaWaitingBytesMax = kMiB;  // put from memory, beside the last one
// Of one account of a channel: files that are fetched at the same time; how long one is tried; and
// how long, from when it is asked for.
inline constexpr std::size_t kMediaFetchesMax = 4;
inline constexpr std::uint64_t kMediaFetchMs = 60'000;
inline constexpr std::uint64_t kMediaFetchesMs = 240'000;
// An image that is shown to an agent, and all of a prompt; others are files in its workspace alone.
inline constexpr std::uint64_t kPromptImageBytesMax = 5 * kMiB;
inline constexpr std::uint64_t kPromptImagesBytesMax = 6 * kMiB;
inline constexpr std::size_t kPromptFilesMax = 64;
inline constexpr std::size_t kWorkspaceMediaFilesMax = 1'000;  // in the workspace of an agent
inline constexpr std::uint64_t kWorkspaceMediaBytesMax = kKiB * kMiB;

// ---- processes of agents
inline constexpr std::size_t kAgentReadBytesMax = 64 * kKiB;      // of one pipe before others' turn
inline constexpr std::size_t kAgentErrorLineBytesMax = 4 * kKiB;  // of stderr; the rest is cut
inline constexpr std::size_t kAgentErrorTailBytes = 4 * kKiB;
inline constexpr std::uint32_t kAgentErrorLinesPerSecond = 200;
inline constexpr std::uint32_t kAgentDrainMsMax = 250;  // of output after the exit
inline constexpr std::uint32_t kAgentReapMsMax = 1'000;
inline constexpr std::uint32_t kAgentProbeMsMax = 5'000;  // node --version, bwrap ... true
inline constexpr std::size_t kAgentProbeBytesMax = 8 * kKiB;
inline constexpr std::size_t kAgentTmpBytesMax = 512 * kMiB;  // of /tmp in its sandbox
inline constexpr std::size_t kAgentEnvironBytesMax = kMiB;    // read of a process
inline constexpr std::uint32_t kAgentLinkHopsMax = 16;
inline constexpr std::uint32_t kAgentSweepRoundsMax = 20;
inline constexpr std::uint32_t kAgentNodeProbeMsMax = 2'000;
inline constexpr std::uint32_t kAgentTasksMax = 4'096;  // threads, of one sandbox or of one user

// ---- answers for the past
inline constexpr std::size_t kMomentBytesMax = 64;    // the text of one
inline constexpr std::size_t kPastChildrenMax = 2;    // processes that answer
inline constexpr std::size_t kPastQuestionsMax = 32;  // that wait for one of them
inline constexpr std::size_t kPastQuestionsPerConnectionMax = 8;
inline constexpr std::size_t kPastQuestionBytesMax = 64 * kKiB;  // one, as a line
inline constexpr std::size_t kPastAnswerBytesMax = 10 * kMiB;    // the same of an answer
inline constexpr std::uint64_t kPastDeadlineMs = 30'000;  // for one question, once it is asked
inline constexpr std::uint64_t kPastIdleMs = 60'000;      // then a process is ended
inline constexpr std::uint64_t kPastEndMs = 1'000;        // to end by itself; then it is killed

// ---- worst case of memory (bytes)
// Of the tables of one state, full, with texts of every length: engine/core/model/tables.h adds up
// their columns and asserts it. They are touched only as they fill, twice: the engine thread's
// state and the follower's.
inline constexpr std::size_t kStateBytesMax = 960 * kMiB;
// What a process that answers for the past may take: a state, another while a snapshot is read, and
// the answers. It is not the gateway's own.
inline constexpr std::size_t kPastProcessBytesMax = 2 * kStateBytesMax + 512 * kMiB;
// An approval request of an agent, as the net thread keeps it.
inline constexpr std::size_t kApprovalBytes = 512 + kNameBytesMax + 3 * kApprovalTextBytesMax;
inline constexpr std::size_t kPipelineBytesWorst =
    3 * kIngressBlocksPerProducer * kIngressBlockBytes +
    3 * kOutBlocksPerConsumer * kOutBlockBytes + kDrainBytesMax + kLargeBlockBytesMax +
    kTurnOutputBytesMax + kPostponedBytesMax + kQueriesAtOnceMax * (kTextBytesMax + kMiB) +
    kJournalStreamsMax * (kJournalPageBytesMax + kJournalBodyBytesMax);
inline constexpr std::size_t kNetBytesWorst =
    kConnectionsMax * kConnectionBytes + kBufferedBytesAllMax + kPartialBytesAllMax +
    kConnectionsMax * kTlsConnectionBytes +
    kUnauthenticatedMax * (kStrangerBytes + 2 * kHttpChunkBytes) +
    kHandshakesInLibraryMax * (kConnectionBytes + kTlsConnectionBytes + kHttpHeadBytesMax) +
    kWaitersMax * 256 + kSendWaitersMax * kKiB + kLiveTextBytesAllMax + kJsonSeparatorsMax * 32 +
    (2 * kSubscribedKeysAllMax + kQueriesWaitingMax) * (kKeyBytesMax + 128) + kRecentBytesMax +
    kPreviewsAtOnceMax * (kPreviewBytesMax + kMiB) + kAuthAddressesMax * 256 +
    kConfigsKept * 3 * kConfigBytesMax + kApprovalsKnownMax * kApprovalBytes;
// The set in force, the next one, what files say, what is wrong with others, and the report on two
// threads.
inline constexpr std::size_t kSkillsBytesWorst =
    7 * kSkillTextBytesAllMax + 3 * kSkillFaultsMax * kKiB + kSkillFileBytesMax;
// Questions that wait; the line that comes in from each process; and of one of them its bytes,
// twice.
inline constexpr std::size_t kPastBytesWorst = kPastQuestionsMax * kPastQuestionBytesMax +
                                               kPastChildrenMax * kPastAnswerBytesMax +
                                               2 * (kPastAnswerBytesMax / 4 * 3);
// A transfer: libcurl's buffers and fields, TLS. Strings that grow hold up to twice their bytes.
inline constexpr std::size_t kOutboundBytesWorst =
    kOutboundClientsMax *
    ((kOutboundCallsMax + kOutboundOwnCallsMax) *
         (2 * kOutboundTransferBytes + kOutboundHeadBytesMax + kOutboundFieldBytes +
          kTlsConnectionBytes) +
     kOutboundIdleConnectionsMax * kTlsConnectionBytes + 2 * kOutboundBufferedBytesMax);
// Not in it: what waits for and comes from processes of agents and from channels that are programs,
// which is bounded by how many of them the configuration allows (kAgentInputBytesMax and
// spine.lineBytes for each; kProgramInputBytesMax and kProgramLineBytesMax).
inline constexpr std::size_t kMemoryBytesWorst =
    2 * kStateBytesMax + kPipelineBytesWorst + kNetBytesWorst + kSkillsBytesWorst +
    kPromptsWaitingBytesMax + kPastBytesWorst + kOutboundBytesWorst + 2 * kMediaWaitingBytesMax +
    kMediaReferencesMax * kMediaReferenceBytes + 2 * kMediaFilesMax * 32 + 2 * kHookBytesAllMax +
    kPreviewTextsBytesMax + 64 * kMiB;
// The rest of 4 GiB is for code, libraries and the allocator.
static_assert(kMemoryBytesWorst < std::size_t{3'840} * kMiB, "the worst case fits in 4 GiB");

static_assert(kBlockBytes % 8 == 0);
static_assert(kTextBytesMax * 3 < kLargeBlockBytesMax, "a message and its rejection fit a block");
static_assert(kSpaceReservedBytes * 2 <= kSpaceAheadBytes);
static_assert(std::has_single_bit(kDuplicatesMax));

}  // namespace spine::limits
