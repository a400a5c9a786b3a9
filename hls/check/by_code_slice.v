// One frame lane of the kernel by code, written by hand, to check the resource model.
//
// Like mac_slice.v, this is not the RTL of Vitis HLS, but has the same memories, adders and
// multipliers in the same widths as hls/kernels/buckets.hpp and by_code.hpp.
// tests/hardware/test_by_code_slice.py counts its cells, and compares its integers with
// nibblestream.network.lutmac.
//
// In each clock one activation is added to a bucket of each lane, which the lane's code selects.
// Meanwhile the other half of the buckets is drained: of each multiplier's lanes one after the
// other, 16 buckets are multiplied by their weights. The sums of a turn wait until the requantiser
// has taken each of them.
`include "mac_slice.v"

module by_code_slice #(
    parameter LANES = 16, BANKS = 8, DEPTH = 512, ACTIVATION = 25, WEIGHT = 18, SUM = 48
) (
    input clk,
    // One activation, written to the memory of each bank whose bit is set.
    input [BANKS-1:0] activation_write,
    input [$clog2(DEPTH)-1:0] activation_address,
    input [ACTIVATION-1:0] activation,
    // One input: its bank and address, and the codes of all lanes.
    input add, first, half,
    input [$clog2(BANKS)-1:0] bank,
    input [$clog2(DEPTH)-1:0] address,
    input [LANES*4-1:0] codes,
    // One code to drain of the other half, its weight, and the turn of lanes; whether it begins or
    // ends a sum.
    input drain, begins, ends,
    input [3:0] code,
    input [2:0] turn,
    input [WEIGHT-1:0] weight,
    // One sum to requantise: which multiplier's, its bias, right shift, largest output, ReLU or not.
    input take,
    input [$clog2(LANES/8)-1:0] which,
    input [SUM-1:0] bias,
    input [$clog2(SUM)-1:0] shift,
    input [ACTIVATION-2:0] high,
    input relu,
    output valid,
    output [ACTIVATION-1:0] result
);
    localparam BUCKET = ACTIVATION + 11, LOW = 24, M = LANES / 8;
    localparam LOW_SUM = LOW + WEIGHT + 4, HIGH_SUM = BUCKET - LOW + WEIGHT + 4;
    wire [LANES*5-1:0] slots, written;
    wire [LANES-1:0] adds, fresh, again;
    wire [4:0] drained;
    wire [M-1:0] empty;
    wire [2:0] turn_late;
    wire begins_late, ends_late, drain_late;
    wire [WEIGHT-1:0] weight_late;
    code_lanes #(.LANES(LANES), .WEIGHT(WEIGHT)) lanes (
        .clk(clk), .add(add), .first(first), .half(half), .codes(codes), .drain(drain),
        .begins(begins), .ends(ends), .code(code), .turn(turn), .weight(weight),
        .adds(adds), .slots(slots), .written(written), .fresh(fresh), .again(again), .drained(drained),
        .empty(empty), .turn_late(turn_late), .weight_late(weight_late),
        .drain_late(drain_late), .begins_late(begins_late), .ends_late(ends_late));
    wire [M*(LOW_SUM+HIGH_SUM)-1:0] sums;
    bucket_lane #(
        .LANES(LANES), .BANKS(BANKS), .DEPTH(DEPTH), .ACTIVATION(ACTIVATION), .WEIGHT(WEIGHT)
    ) frame (
        .clk(clk), .activation_write(activation_write), .activation_address(activation_address),
        .activation(activation), .bank(bank), .address(address), .adds(adds), .slots(slots),
        .written(written), .fresh(fresh), .again(again), .drained(drained), .empty(empty), .turn(turn_late),
        .weight(weight_late), .drain(drain_late), .begins(begins_late), .ends(ends_late),
        .sums(sums));
    requantiser #(
        .SUMS(M), .LOW(LOW), .LOW_SUM(LOW_SUM), .HIGH_SUM(HIGH_SUM), .SUM(SUM), .OUT(ACTIVATION)
    ) last (
        .clk(clk), .take(take), .which(which), .sums(sums), .bias(bias), .shift(shift),
        .high(high), .relu(relu), .valid(valid), .result(result));
endmodule

// What all frame lanes share: the bucket that each lane adds to, and whether it holds a sum of this
// tile, or the sum that was added a clock ago and is not written yet.
module code_lanes #(parameter LANES = 16, WEIGHT = 18) (
    input clk,
    input add, first, half,
    input [LANES*4-1:0] codes,
    input drain, begins, ends,
    input [3:0] code,
    input [2:0] turn,
    input [WEIGHT-1:0] weight,
    output [LANES-1:0] adds,
    output [LANES*5-1:0] slots, written,
    output [LANES-1:0] fresh, again,
    output [4:0] drained,
    output [LANES/8-1:0] empty,
    output reg [2:0] turn_late,
    output reg [WEIGHT-1:0] weight_late,
    output reg drain_late, begins_late, ends_late
);
    reg add_in, first_in, half_in, drain_in, begins_in, ends_in;
    reg [LANES*4-1:0] codes_in;
    reg [3:0] code_in;
    reg [2:0] turn_in;
    reg [WEIGHT-1:0] weight_in;
    assign drained = {!half_in, code_in};
    always @(posedge clk) begin
        {add_in, first_in, half_in, codes_in} <= {add, first, half, codes};
        {drain_in, begins_in, ends_in, code_in} <= {drain, begins, ends, code};
        {turn_in, weight_in} <= {turn, weight};
        {drain_late, begins_late, ends_late} <= {drain_in, begins_in, ends_in};
        {turn_late, weight_late} <= {turn_in, weight_in};
    end
    wire [LANES-1:0] holds;
    genvar i;
    generate for (i = 0; i < LANES; i = i + 1) begin : lane
        code_lane each (
            .clk(clk), .add(add_in), .first(first_in), .half(half_in),
            .code(codes_in[4*i +: 4]), .drained(code_in), .added(adds[i]),
            .slot(slots[5*i +: 5]), .written(written[5*i +: 5]), .fresh(fresh[i]),
            .again(again[i]), .holds(holds[i]));
    end
    // The lanes of a multiplier come in pairs, for the two lanes of a code of 8 bits.
    for (i = 0; i < LANES / 8; i = i + 1) begin : multiplier
        reg empty_late;
        always @(posedge clk)
            empty_late <= !holds[{turn_in[2:1], 1'b0} * (LANES / 8) + 2 * i + turn_in[0]];
        assign empty[i] = empty_late;
    end endgenerate
endmodule

module code_lane (
    input clk,
    input add, first, half,
    input [3:0] code, drained,
    output reg added = 0,
    output [4:0] slot,
    output reg [4:0] written,
    output reg fresh, again,
    output holds
);
    assign slot = {half, code};
    reg [4:0] latest = 0;
    reg [15:0] used [0:1];
    wire [15:0] before = first ? 16'd0 : used[half], other = used[!half];
    assign holds = other[drained];
    always @(posedge clk) begin
        added <= add;
        written <= slot;
        fresh <= !before[code];
        again <= slot == latest;
        if (add) begin
            latest <= slot;
            used[half] <= before | 16'd1 << code;
        end
    end
endmodule

// A frame lane: its activations, the buckets of all lanes, and the multipliers that drain them.
module bucket_lane #(
    parameter LANES = 16, BANKS = 8, DEPTH = 512, ACTIVATION = 25, WEIGHT = 18,
    BUCKET = ACTIVATION + 11, LOW = 24, M = LANES / 8,
    LOW_SUM = LOW + WEIGHT + 4, HIGH_SUM = BUCKET - LOW + WEIGHT + 4
) (
    input clk,
    input [BANKS-1:0] activation_write,
    input [$clog2(DEPTH)-1:0] activation_address,
    input [ACTIVATION-1:0] activation,
    input [$clog2(BANKS)-1:0] bank,
    input [$clog2(DEPTH)-1:0] address,
    input [LANES-1:0] adds,
    input [LANES*5-1:0] slots, written,
    input [LANES-1:0] fresh, again,
    input [4:0] drained,
    input [M-1:0] empty,
    input [2:0] turn,
    input [WEIGHT-1:0] weight,
    input drain, begins, ends,
    output [M*(LOW_SUM+HIGH_SUM)-1:0] sums
);
    wire [ACTIVATION-1:0] words [0:BANKS-1];
    reg signed [ACTIVATION-1:0] value;
    reg [$clog2(BANKS)-1:0] bank_in;
    always @(posedge clk) begin
        bank_in <= bank;
        value <= words[bank_in];
    end
    wire [BUCKET-1:0] found [0:LANES-1];
    genvar i;
    generate
    for (i = 0; i < BANKS; i = i + 1) begin : memory
        block_memory #(.DEPTH(DEPTH), .WIDTH(ACTIVATION)) each (
            .clk(clk), .write(activation_write[i]), .write_address(activation_address),
            .in(activation), .address(address), .out(words[i]));
    end
    for (i = 0; i < LANES; i = i + 1) begin : lane
        buckets #(.WIDTH(BUCKET), .ACTIVATION(ACTIVATION)) each (
            .clk(clk), .add(adds[i]), .slot(slots[5*i +: 5]),
            .written(written[5*i +: 5]), .fresh(fresh[i]), .again(again[i]), .value(value),
            .drained(drained), .out(found[i]));
    end
    for (i = 0; i < M; i = i + 1) begin : multiplier
        reg signed [BUCKET-1:0] bucket;
        reg signed [WEIGHT-1:0] weight_in;
        reg drain_in, begins_in, ends_in;
        always @(posedge clk) begin
            bucket <= empty[i] ? 0 : found[{turn[2:1], 1'b0} * M + 2 * i + turn[0]];
            weight_in <= weight;
            {drain_in, begins_in, ends_in} <= {drain, begins, ends};
        end
        product_sum #(.BUCKET(BUCKET), .LOW(LOW), .WEIGHT(WEIGHT)) product (
            .clk(clk), .step(drain_in), .begins(begins_in), .ends(ends_in), .bucket(bucket),
            .weight(weight_in), .sum(sums[i*(LOW_SUM+HIGH_SUM) +: LOW_SUM+HIGH_SUM]));
    end endgenerate
endmodule

// The buckets of one lane and frame lane, in two halves of 16: one copy to add to, one to drain.
module buckets #(parameter WIDTH = 36, ACTIVATION = 25) (
    input clk, add,
    input [4:0] slot, written,
    input fresh, again,
    input signed [ACTIVATION-1:0] value,
    input [4:0] drained,
    output [WIDTH-1:0] out
);
    reg signed [WIDTH-1:0] latest;
    wire signed [WIDTH-1:0] held;
    wire signed [WIDTH-1:0] sum = (fresh ? 0 : again ? latest : held) + value;
    always @(posedge clk) if (add) latest <= sum;
    table_copy #(.ADDRESS(5), .WIDTH(WIDTH)) added (
        .clk(clk), .write(add), .write_address(written), .in(sum), .address(slot), .out(held));
    table_copy #(.ADDRESS(5), .WIDTH(WIDTH)) emptied (
        .clk(clk), .write(add), .write_address(written), .in(sum), .address(drained), .out(out));
endmodule

// The sum of a turn's products, low and high bits of buckets apart: two DSP48E1, which accumulate.
module product_sum #(
    parameter BUCKET = 36, LOW = 24, WEIGHT = 18,
    LOW_SUM = LOW + WEIGHT + 4, HIGH_SUM = BUCKET - LOW + WEIGHT + 4
) (
    input clk, step, begins, ends,
    input signed [BUCKET-1:0] bucket,
    input signed [WEIGHT-1:0] weight,
    output reg [LOW_SUM+HIGH_SUM-1:0] sum
);
    wire [LOW_SUM-1:0] low;
    wire [HIGH_SUM-1:0] high;
    reg step_in, begins_in, ends_in, done;
    always @(posedge clk) begin
        {step_in, begins_in, ends_in} <= {step, begins, ends};
        done <= step_in & ends_in;
        if (done) sum <= {high, low};
    end
    multiply_add #(.A(LOW + 1), .B(WEIGHT), .SUM(LOW_SUM)) lower (
        .clk(clk), .step(step_in), .begins(begins_in), .a({1'b0, bucket[LOW-1:0]}), .b(weight), .sum(low));
    multiply_add #(.A(BUCKET - LOW), .B(WEIGHT), .SUM(HIGH_SUM)) upper (
        .clk(clk), .step(step_in), .begins(begins_in), .a(bucket[BUCKET-1:LOW]), .b(weight), .sum(high));
endmodule

module multiply_add #(parameter A = 25, B = 18, SUM = 46) (
    input clk, step, begins,
    input signed [A-1:0] a,
    input signed [B-1:0] b,
    output reg signed [SUM-1:0] sum
);
    reg signed [A+B-1:0] product;
    always @(posedge clk) begin
        product <= a * b;
        if (step) sum <= (begins ? 0 : sum) + product;
    end
endmodule

// Take one of the sums that wait, put its halves together, add the bias and round.
module requantiser #(
    parameter SUMS = 16, LOW = 24, LOW_SUM = 46, HIGH_SUM = 34, SUM = 48, OUT = 25
) (
    input clk, take,
    input [$clog2(SUMS)-1:0] which,
    input [SUMS*(LOW_SUM+HIGH_SUM)-1:0] sums,
    input [SUM-1:0] bias,
    input [$clog2(SUM)-1:0] shift,
    input [OUT-2:0] high,
    input relu,
    output valid,
    output [OUT-1:0] result
);
    wire [LOW_SUM+HIGH_SUM-1:0] waiting [0:SUMS-1];
    genvar i;
    generate for (i = 0; i < SUMS; i = i + 1) begin : each
        assign waiting[i] = sums[i*(LOW_SUM+HIGH_SUM) +: LOW_SUM+HIGH_SUM];
    end endgenerate
    reg signed [LOW_SUM-1:0] low;
    reg signed [HIGH_SUM-1:0] upper;
    reg signed [SUM-1:0] whole, sum;
    reg [2:0] taken = 0;
    always @(posedge clk) begin
        {upper, low} <= waiting[which];
        whole <= (upper <<< LOW) + low;
        sum <= whole + bias;
        taken <= {taken, take};
    end
    rounding #(.SUM(SUM), .OUT(OUT)) round (
        .clk(clk), .shift(shift), .high(high), .relu(relu), .sum(sum), .step(taken[2]),
        .valid(valid), .result(result));
endmodule
