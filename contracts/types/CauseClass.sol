// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a soft pause rests on. Each class has its own budget, so that cheap incidents never use up the pause of a
/// real one.
enum CauseClass {
    Books, // a block whose books differ from the chain, proved
    View // an off-chain part of the protocol believes something else
}
