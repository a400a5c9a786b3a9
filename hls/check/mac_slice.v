// One frame lane of lut_mac's datapath, written by hand, to check the resource model.
//
// This is not the RTL that Vitis HLS generates for lut_mac. It has the same multipliers, memories
// and adders in the same widths, in a form for a free synthesiser (yosys, synth_xilinx), as an
// independent check of the figures of host/nibblestream/hardware/resources.
// tests/hardware/test_mac_slice.py counts its cells, and compares its integers with
// nibblestream.network.lutmac.
//
// A step is 16 codes. Each code addresses its own table, so that all are read in one clock; each
// weight is multiplied by one activation; the 16 products are added in a tree of registered adders
// and accumulated for one of four groups of frames. In the last step of a row the sum is rounded,
// shifted and saturated.

module mac_slice #(
    parameter LANES = 16, GROUPS = 4, DEPTH = 512, CODE = 4, ACTIVATION = 25, WEIGHT = 18, SUM = 48
) (
    input clk,
    // One entry of the look-up table, written to every copy.
    input lut_write,
    input [CODE-1:0] lut_address,
    input [WEIGHT-1:0] lut_weight,
    // One activation, written to the memory of each lane whose bit is set.
    input [LANES-1:0] activation_write,
    input [$clog2(DEPTH)-1:0] activation_address,
    input [ACTIVATION-1:0] activation,
    // The layer: bias on the accumulator's grid, right shift, largest output, ReLU or not.
    input [SUM-1:0] bias,
    input [$clog2(SUM)-1:0] shift,
    input [ACTIVATION-2:0] high,
    input relu,
    // One step.
    input step, first, last,
    input [$clog2(GROUPS)-1:0] group,
    input [$clog2(DEPTH)-1:0] address,
    input [LANES*CODE-1:0] codes,
    // The output of one neuron for one frame.
    output valid,
    output [ACTIVATION-1:0] result
);
    wire [LANES*WEIGHT-1:0] weights;
    wire [LANES*ACTIVATION-1:0] activations;
    genvar i;
    generate for (i = 0; i < LANES; i = i + 1) begin : lane
        // A table and a memory for each lane, so that no port is shared.
        table_copy #(.ADDRESS(CODE), .WIDTH(WEIGHT)) lut (
            .clk(clk), .write(lut_write), .write_address(lut_address), .in(lut_weight),
            .address(codes[i*CODE +: CODE]), .out(weights[i*WEIGHT +: WEIGHT]));
        block_memory #(.DEPTH(DEPTH), .WIDTH(ACTIVATION)) words (
            .clk(clk), .write(activation_write[i]), .write_address(activation_address),
            .in(activation), .address(address), .out(activations[i*ACTIVATION +: ACTIVATION]));
    end endgenerate

    localparam LEVELS = $clog2(LANES), PRODUCT = ACTIVATION + WEIGHT, TREE = PRODUCT + LEVELS;
    wire [TREE-1:0] total;
    products #(.LANES(LANES), .A(ACTIVATION), .B(WEIGHT)) multiply (
        .clk(clk), .a(activations), .b(weights), .total(total));

    // A step's control signals are delayed like its data: memory, operands, product, tree.
    localparam DELAY = 3 + LEVELS;
    reg [DELAY-1:0] steps = 0, firsts, lasts;
    reg [DELAY*$clog2(GROUPS)-1:0] groups;
    always @(posedge clk) begin
        steps <= {steps, step};
        firsts <= {firsts, first};
        lasts <= {lasts, last};
        groups <= {groups, group};
    end

    accumulator #(.GROUPS(GROUPS), .TREE(TREE), .SUM(SUM), .OUT(ACTIVATION)) accumulate (
        .clk(clk), .bias(bias), .shift(shift), .high(high), .relu(relu), .total(total),
        .step(steps[DELAY-1]), .first(firsts[DELAY-1]), .last(lasts[DELAY-1]),
        .group(groups[DELAY*$clog2(GROUPS)-1 -: $clog2(GROUPS)]),
        .valid(valid), .result(result));
endmodule

module table_copy #(parameter ADDRESS = 4, WIDTH = 18) (
    input clk, write,
    input [ADDRESS-1:0] write_address, address,
    input [WIDTH-1:0] in,
    output reg [WIDTH-1:0] out
);
    (* ram_style = "distributed" *) reg [WIDTH-1:0] words [0:(1<<ADDRESS)-1];
    always @(posedge clk) begin
        if (write) words[write_address] <= in;
        out <= words[address];
    end
endmodule

module block_memory #(parameter DEPTH = 512, WIDTH = 25) (
    input clk, write,
    input [$clog2(DEPTH)-1:0] write_address, address,
    input [WIDTH-1:0] in,
    output reg [WIDTH-1:0] out
);
    (* ram_style = "block" *) reg [WIDTH-1:0] words [0:DEPTH-1];
    always @(posedge clk) begin
        if (write) words[write_address] <= in;
        out <= words[address];
    end
endmodule

// Multipliers with registers at inputs and output, as in a DSP48E1, and the tree of adders.
module products #(parameter LANES = 16, A = 25, B = 18) (
    input clk,
    input [LANES*A-1:0] a,
    input [LANES*B-1:0] b,
    output [A+B+$clog2(LANES)-1:0] total
);
    wire [LANES*(A+B)-1:0] product;
    genvar i;
    generate for (i = 0; i < LANES; i = i + 1) begin : lane
        reg signed [A-1:0] a_in;
        reg signed [B-1:0] b_in;
        reg signed [A+B-1:0] out;
        always @(posedge clk) begin
            a_in <= a[i*A +: A];
            b_in <= b[i*B +: B];
            out <= a_in * b_in;
        end
        assign product[i*(A+B) +: A+B] = out;
    end endgenerate
    adder_tree #(.TERMS(LANES), .WIDTH(A + B)) add (.clk(clk), .terms(product), .total(total));
endmodule

// One level of adders, each a bit wider than its terms, registered; then the rest of the tree.
module adder_tree #(parameter TERMS = 16, WIDTH = 43) (
    input clk,
    input [TERMS*WIDTH-1:0] terms,
    output [WIDTH+$clog2(TERMS)-1:0] total
);
    genvar i;
    generate if (TERMS == 1) begin : done
        assign total = terms;
    end else begin : level
        wire [TERMS/2*(WIDTH+1)-1:0] flat;
        for (i = 0; i < TERMS / 2; i = i + 1) begin : pair
            wire signed [WIDTH-1:0] left = terms[2*i*WIDTH +: WIDTH];
            wire signed [WIDTH-1:0] right = terms[(2*i+1)*WIDTH +: WIDTH];
            reg signed [WIDTH:0] sum;
            always @(posedge clk) sum <= left + right;
            assign flat[i*(WIDTH+1) +: WIDTH+1] = sum;
        end
        adder_tree #(.TERMS(TERMS / 2), .WIDTH(WIDTH + 1)) rest (
            .clk(clk), .terms(flat), .total(total));
    end endgenerate
endmodule

// A sum for each group of frames; after a row's last step it is rounded, shifted and saturated.
module accumulator #(parameter GROUPS = 4, TREE = 47, SUM = 48, OUT = 25) (
    input clk,
    input [SUM-1:0] bias,
    input [$clog2(SUM)-1:0] shift,
    input [OUT-2:0] high,
    input relu,
    input signed [TREE-1:0] total,
    input step, first, last,
    input [$clog2(GROUPS)-1:0] group,
    output valid,
    output [OUT-1:0] result
);
    (* mem2reg *) reg signed [SUM-1:0] sums [0:GROUPS-1];
    wire signed [SUM-1:0] before = first ? bias : sums[group];
    wire signed [SUM-1:0] after = before + total;
    reg signed [SUM-1:0] sum;
    reg done = 0;
    always @(posedge clk) begin
        if (step) begin
            sums[group] <= after;
            sum <= after;
        end
        done <= step & last;
    end
    rounding #(.SUM(SUM), .OUT(OUT)) round (
        .clk(clk), .shift(shift), .high(high), .relu(relu), .sum(sum), .step(done),
        .valid(valid), .result(result));
endmodule

// Halves are rounded away from zero: half an output step is added, less one for negative sums.
module rounding #(parameter SUM = 48, OUT = 25) (
    input clk,
    input [$clog2(SUM)-1:0] shift,
    input [OUT-2:0] high,
    input relu,
    input signed [SUM-1:0] sum,
    input step,
    output reg valid,
    output reg [OUT-1:0] result
);
    reg [SUM-1:0] half, under_half;
    reg signed [SUM-1:0] rounded, shifted;
    reg [1:0] valids = 0;
    // The range is -high - 1 to high; outside of it the ones' complement magnitude is above high.
    wire negative = shifted[SUM-1];
    wire [SUM-2:0] magnitude = shifted[SUM-2:0] ^ {(SUM-1){negative}};
    wire over = |magnitude[SUM-2:OUT-1] || magnitude[OUT-2:0] > high;
    always @(posedge clk) begin
        half <= (48'd1 << shift) >> 1;
        under_half <= ~(~48'd0 << shift) >> 1;
        rounded <= sum + (sum[SUM-1] ? under_half : half);
        shifted <= rounded >>> shift;
        result <= relu && negative ? 0 : {negative, (over ? high : magnitude[OUT-2:0]) ^ {(OUT-1){negative}}};
        {valid, valids} <= {valids, step};
    end
endmodule
