// The tables of devices and of pairing, in and out of a snapshot.
#pragma once

#include "engine/core/devices.h"
#include "engine/core/pairing.h"
#include "engine/core/tables.h"

#include "snapshot_generated.h"

namespace spine::core {

flatbuffers::Offset<fb::snapshot::Devices> save_devices(flatbuffers::FlatBufferBuilder& builder,
                                                        const Devices& devices);
flatbuffers::Offset<fb::snapshot::PairingRequests> save_pairing_requests(
    flatbuffers::FlatBufferBuilder& builder, const PairingRequests& requests);
flatbuffers::Offset<fb::snapshot::PairedSenders> save_paired_senders(
    flatbuffers::FlatBufferBuilder& builder, const PairedSenders& senders);

// nullptr, of a snapshot that is older than the table: it is empty. False when a row makes no
// sense. REQUIRES: the tables are empty but for meta.
bool load_devices(const fb::snapshot::Devices* from, Tables& tables);
bool load_pairing_requests(const fb::snapshot::PairingRequests* from, Tables& tables);
bool load_paired_senders(const fb::snapshot::PairedSenders* from, Tables& tables);

}  // namespace spine::core
